#pragma once

#include <crier/http/exchange.hpp>

#include <boost/beast/http/status.hpp>

#include <string>

namespace crier::detail {

/// Source: RFC 9110, section 6.4.1. The length of 304 is that of 200, which its handler may tell.
inline bool has_body(boost::beast::http::status status) noexcept {
    using enum boost::beast::http::status;
    return status != no_content && status != not_modified;
}

/// A response that says why a request is not served, as text or as JSON.
exchange::response_type refusal_message(const refusal& why, bool as_json, unsigned version);

/// Gives a response that is no stream the fields that each has: its length, its date, and whether
/// the connection goes on. Returns its head; the body is left empty where none is to be sent.
std::string complete(exchange::response_type& response, bool keeps_alive, bool head_only);

} // namespace crier::detail
