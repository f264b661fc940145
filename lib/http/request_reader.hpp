#pragma once

#include <crier/http/server.hpp>

#include "connection_input.hpp"
#include "received.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <variant>

namespace crier::detail {

/// Nothing more comes on a connection.
struct hang_up {};

/// A request that is not served, and how its client is told so.
struct refused_request {
    refusal why;
    reply_style style{};
};

/// A request that the gate has let pass, or what came in its place.
using read_result = std::variant<hang_up, refused_request, std::unique_ptr<received>>;

/// The message of a head, without its body.
exchange::request_type message_of(const request_head& head);

/// Reads the next request. The input keeps what came beyond it.
boost::asio::awaitable<read_result> read_request(
    connection_input& input, const server_options& options);

} // namespace crier::detail
