#include "request_reader.hpp"

#include "async/time_limit.hpp"
#include "body.hpp"
#include "framing.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/read.hpp>

#include <optional>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// A request whose body is still to come.
struct begun {
    framing body;
    std::unique_ptr<received> request;
};

refusal refusal_of(const error_code& error) {
    if (error == asio::error::operation_aborted) {
        return {408, "the request took too long"};
    }
    if (error == http::error::body_limit) {
        return {413, "request body is too large"};
    }
    return {400, "malformed request body"};
}

std::variant<hang_up, refusal, begun> parse_head(std::string_view raw, const gate_limits& limits) {
    request_head head;
    begun made;
    auto refused = read_lines(raw, head, limits);
    refused = refused ? refused : read_framing(head, made.body);
    if (refused) {
        return *refused;
    }
    made.request = std::make_unique<received>();
    made.request->read = ask(head);
    made.request->message = message_of(head);
    return made;
}

asio::awaitable<std::variant<hang_up, refusal, begun>> read_head(
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
    auto parsed = parse_head(std::string_view{buffer}.substr(0, size), options.limits);
    buffer.erase(0, size);
    co_return parsed;
}

/// Into the message. The refusal, if there is one.
asio::awaitable<std::optional<refusal>> read_body(tcp::socket& socket, std::string& buffer,
    const server_options& options, const framing& of, std::string& body) {
    body_parser parser{of, options.body_bytes, options.limits};
    error_code error = parser.error();
    if (!error) {
        const time_limit limit{socket, options.header_timeout};
        auto rest =
            asio::dynamic_buffer(buffer, options.limits.header_bytes + options.body_bytes + 4096);
        co_await http::async_read(
            socket, rest, parser.parser(), asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
        co_return refusal_of(error);
    }
    if (parser.has_trailer()) {
        co_return refusal{400, "trailer fields are not accepted"};
    }
    body = parser.release();
    co_return std::nullopt;
}

} // namespace

exchange::request_type message_of(const request_head& head) {
    const auto text = [](std::string_view view) {
        return boost::beast::string_view{view.data(), view.size()};
    };
    exchange::request_type message;
    message.version(head.version);
    message.method_string(text(head.method));
    message.target(text(head.target));
    for (const auto& [name, value] : head.fields) {
        message.insert(text(name), text(value));
    }
    return message;
}

asio::awaitable<read_result> read_request(
    tcp::socket& socket, std::string& buffer, const server_options& options) {
    auto head = co_await read_head(socket, buffer, options);
    if (const auto* refused = std::get_if<refusal>(&head)) {
        co_return *refused;
    }
    auto* const found = std::get_if<begun>(&head);
    if (found == nullptr) {
        co_return hang_up{};
    }
    if (found->body.has_body()) {
        const auto refused = co_await read_body(
            socket, buffer, options, found->body, found->request->message.body());
        if (refused) {
            co_return *refused;
        }
    }
    co_return std::move(found->request);
}

} // namespace crier::detail
