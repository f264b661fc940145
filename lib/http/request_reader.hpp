#pragma once

#include <crier/http/server.hpp>

#include "connection_input.hpp"
#include "framing.hpp"
#include "received.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string_view>
#include <variant>

namespace crier::detail {

/// Nothing more comes on a connection.
struct hang_up {};

/// A request that is not served, and how its client is told so.
struct refused_request {
    refusal why;
    reply_style style{};
};

/// A client that begins to speak HTTP/2. Source: RFC 9113, section 3.4.
struct http2_preface {};

/// A request that the gate has let pass, or what came in its place.
using read_result =
    std::variant<hang_up, refused_request, http2_preface, std::unique_ptr<received>>;

/// A request whose body is still to come.
struct begun_request {
    framing body;
    std::unique_ptr<received> request;
};

/// Lets a head pass the gate. `version`: that of the request, if its text does not tell; 0: it
/// does.
std::variant<refused_request, begun_request> parse_head(
    std::string_view raw, const gate_limits& limits, unsigned version = 0);

/// The message of a head, without its body.
exchange::request_type message_of(const request_head& head);

/// Reads the next request. The input keeps what came beyond it.
boost::asio::awaitable<read_result> read_request(
    connection_input& input, const server_options& options);

} // namespace crier::detail
