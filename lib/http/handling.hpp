#pragma once

#include "request_context.hpp"
#include "request_reader.hpp"
#include "responder.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <exception>
#include <memory>
#include <string_view>

namespace crier::detail {

/// What a handler's write throws when the client, or the server's end, has ended its connection.
bool is_end_of_connection(const boost::system::error_code& error);

/// Logs what a coroutine has thrown, if anything, but for errors of the system, as where the client
/// has gone.
void log_unless_gone(
    const logger& log, std::string_view what, const std::exception_ptr& thrown) noexcept;

/// Tells a client that its request is not served, as the program has it.
boost::asio::awaitable<void> send_refusal(
    responder& to, refused_request refused, const server_options& options);

/// Calls the handler, and answers for it where it did not. Whether the connection may be used for
/// another request.
boost::asio::awaitable<bool> handle_request(
    responder& to, std::unique_ptr<received> request, request_context& context);

} // namespace crier::detail
