#include "connection.hpp"

#include <crier/wire/errc.hpp>

#include "async/time_limit.hpp"
#include "exchange_access.hpp"
#include "response.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <iterator>
#include <optional>
#include <variant>

namespace crier::detail {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

struct hang_up {};
using read_result = std::variant<hang_up, refusal, exchange::request_type>;

refusal refusal_of(const error_code& error) {
    if (error == asio::error::operation_aborted) {
        return {408, "the request took too long"};
    }
    if (error == http::error::body_limit) {
        return {413, "request body is too large"};
    }
    return {400, "malformed request body"};
}

/// Reads a request's head into the buffer and lets the gate look at it.
asio::awaitable<std::variant<hang_up, refusal, request_head>> read_checked_head(
    tcp::socket& socket, std::string& buffer, const server_options& options) {
    error_code error;
    const time_limit limit{socket, options.header_timeout};
    const std::size_t size = co_await asio::async_read_until(socket,
        asio::dynamic_buffer(buffer, options.limits.header_bytes), "\r\n\r\n",
        asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::not_found) {
        co_return refusal{431, "request header is too large"};
    }
    if (error == asio::error::operation_aborted && !buffer.empty()) {
        co_return refusal_of(error);
    }
    if (error) {
        co_return hang_up{};
    }
    request_head head;
    const std::optional<refusal> refused =
        read_head(std::string_view{buffer}.substr(0, size), head, options.limits);
    if (refused) {
        co_return *refused;
    }
    co_return head;
}

asio::awaitable<read_result> read_request(
    tcp::socket& socket, std::string& buffer, const server_options& options) {
    const auto head = co_await read_checked_head(socket, buffer, options);
    if (const auto* refused = std::get_if<refusal>(&head)) {
        co_return *refused;
    }
    if (std::holds_alternative<hang_up>(head)) {
        co_return hang_up{};
    }
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options.limits.header_bytes));
    parser.body_limit(options.body_bytes);
    error_code error;
    const time_limit limit{socket, options.header_timeout};
    auto rest =
        asio::dynamic_buffer(buffer, options.limits.header_bytes + options.body_bytes + 4096);
    co_await http::async_read(
        socket, rest, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_return refusal_of(error);
    }
    // Trailer fields were not before the gate, and would stand among those that were.
    const auto& fields = parser.get();
    const auto count = static_cast<std::size_t>(std::distance(fields.begin(), fields.end()));
    if (count != std::get<request_head>(head).fields.size()) {
        co_return refusal{400, "trailer fields are not accepted"};
    }
    co_return parser.release();
}

asio::awaitable<void> send_refusal(
    tcp::socket& socket, refusal refused, const server_options& options) {
    const std::string response = refusal_response(refused);
    const time_limit limit{socket, options.response_timeout};
    error_code ignored;
    co_await asio::async_write(
        socket, asio::buffer(response), asio::redirect_error(asio::use_awaitable, ignored));
}

/// What a handler's write throws when the client, or the server's end, has ended its connection.
bool is_end_of_connection(const error_code& error) {
    return error == errc::client_left || error == errc::stalled ||
           error == asio::error::operation_aborted || error == asio::error::broken_pipe ||
           error == asio::error::connection_reset;
}

/// Calls the handler, and answers for it where it did not. Whether the connection goes on.
asio::awaitable<bool> handle_request(
    tcp::socket& socket, exchange::request_type request, const connection_context& context) {
    exchange handled{socket, std::move(request), context.options.response_timeout};
    std::optional<std::string> problem;
    bool ending = false;
    try {
        asio::awaitable<void> handling = context.handle(handled);
        co_await std::move(handling);
    } catch (const boost::system::system_error& error) {
        if (is_end_of_connection(error.code())) {
            co_return false;
        }
        ending = error.code() == errc::shut_down;
        problem = error.what();
    } catch (const std::exception& error) {
        problem = error.what();
    }
    if (problem && !ending) {
        context.options.log(severity::error, "handler failed: " + *problem);
    }
    if (!handled.is_answered()) {
        asio::awaitable<void> responding =
            !problem ? handled.respond(http::status::not_found, "not found\n")
            : ending ? handled.respond(http::status::service_unavailable, "shutting down\n")
                     : handled.respond(http::status::internal_server_error, "internal error\n");
        co_await std::move(responding);
    }
    if (detached_order* const ordered = exchange_access::detached(handled);
        ordered != nullptr && !problem) {
        try {
            context.streams.begin(socket, std::move(*ordered));
        } catch (const std::exception& error) {
            context.options.log(severity::error, std::string{"a stream failed: "} + error.what());
        }
    }
    co_return !problem && handled.keeps_alive();
}

} // namespace

asio::awaitable<void> run_connection(tcp::socket socket, connection_context& context) {
    std::string buffer;
    bool goes_on = true;
    while (goes_on && !context.ending) {
        context.idle = true;
        read_result read = co_await read_request(socket, buffer, context.options);
        context.idle = false;
        goes_on = false;
        if (const auto* refused = std::get_if<refusal>(&read)) {
            co_await send_refusal(socket, *refused, context.options);
        } else if (auto* request = std::get_if<exchange::request_type>(&read)) {
            asio::awaitable<bool> handling = handle_request(socket, std::move(*request), context);
            goes_on = co_await std::move(handling);
        }
    }
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

} // namespace crier::detail
