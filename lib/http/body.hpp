#pragma once

#include <crier/http/gate.hpp>

#include "framing.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace crier::detail {

/// Decodes a request's body, without the head, which was read before.
class body_parser {
public:
    /// At most `most` bytes of body, and of the trailer section as many as of a head.
    body_parser(const framing& of, std::size_t most, const gate_limits& limits);

    /// Why there is no body to be read, if so.
    const boost::system::error_code& error() const noexcept { return error_; }

    /// Decodes what `bytes` has of the body and removes it from there; does nothing if `error` is
    /// set. Returns true once the body is whole. If false: without an error receive more; with one
    /// the body is bad.
    bool take_from(std::string& bytes, boost::system::error_code& error);

    /// Whether trailer fields came: they were not before the gate, and would stand among those that
    /// were.
    bool has_trailer() const;

    std::string release() { return std::move(parser_.release().body()); }

private:
    boost::beast::http::request_parser<boost::beast::http::string_body> parser_;
    boost::system::error_code error_;
    bool chunked_;
    std::size_t longest_line_;
};

} // namespace crier::detail
