#include "request_reader.hpp"

#include "body.hpp"
#include "framing.hpp"
#include "send.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

refusal refusal_of(const error_code& error) {
    if (error == asio::error::operation_aborted) {
        return {408, "the request took too long"};
    }
    if (error == http::error::body_limit) {
        return {413, "request body is too large"};
    }
    return {400, "malformed request body"};
}

using head_result = std::variant<hang_up, refused_request, http2_preface, begun_request>;

/// The size of the head; 0: its end has not come. The bytes before `from` were searched already.
std::size_t end_of_head(std::string_view bytes, std::size_t from) {
    constexpr std::string_view blank_line = "\r\n\r\n";
    const std::size_t begin = from - std::min(from, blank_line.size() - 1);
    const std::size_t found = bytes.find(blank_line, begin);
    return found == bytes.npos ? 0 : found + blank_line.size();
}

/// Those before a request count for nothing. Source: RFC 9112, section 2.2.
void drop_empty_lines(std::string& bytes) {
    std::size_t size = 0;
    while (std::string_view{bytes}.substr(size).starts_with("\r\n")) {
        size += 2;
    }
    bytes.erase(0, size);
}

asio::awaitable<head_result> read_head(connection_input& input, const server_options& options) {
    constexpr std::size_t usual = 512;
    const std::size_t most = options.limits.header_bytes;
    std::string& bytes = input.bytes;
    drop_empty_lines(bytes);
    if (bytes.empty() && input.brought_a_request) {
        bytes.shrink_to_fit();
        const connection_input::limit idle{input.socket(), options.idle_timeout};
        while (bytes.empty()) {
            const error_code error = co_await input.receive(idle, std::min(usual, most));
            if (error) {
                co_return hang_up{};
            }
            drop_empty_lines(bytes);
        }
    }
    const connection_input::limit limit{input.socket(), options.header_timeout};
    std::size_t size = end_of_head(bytes, 0);
    while (size == 0) {
        const std::size_t had = bytes.size();
        if (had >= most) {
            co_return refused_request{{431, "request header is too large"}};
        }
        const std::size_t room = std::min(std::max(had, usual), most - had);
        const error_code error = co_await input.receive(limit, room);
        if (error == asio::error::operation_aborted && !bytes.empty()) {
            co_return refused_request{refusal_of(error)};
        }
        if (error) {
            co_return hang_up{};
        }
        drop_empty_lines(bytes);
        size = end_of_head(bytes, std::min(had, bytes.size()));
    }
    if (options.http2 && !input.brought_a_request && bytes.starts_with("PRI * HTTP/2.0\r\n\r\n")) {
        co_return http2_preface{};
    }
    auto parsed = parse_head(std::string_view{bytes}.substr(0, size), options.limits);
    bytes.erase(0, size);
    input.brought_a_request = true;
    if (auto* const refused = std::get_if<refused_request>(&parsed)) {
        co_return *refused;
    }
    co_return std::get<begun_request>(std::move(parsed));
}

/// Into the message. The refusal, if there is one.
asio::awaitable<std::optional<refusal>> read_body(
    connection_input& input, const server_options& options, const framing& of, std::string& body) {
    body_parser parser{of, options.body_bytes, options.limits};
    const connection_input::limit limit{input.socket(), options.header_timeout};
    error_code error = parser.error();
    // RFC 9110, section 10.1.1: not to a client that sends the body already.
    if (!error && of.expects_continue && input.bytes.empty()) {
        error = co_await send(
            input.stream(), options.response_timeout, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    while (!parser.take_from(input.bytes, error) && !error) {
        error = co_await input.receive(limit);
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

std::variant<refused_request, begun_request> parse_head(
    std::string_view raw, const gate_limits& limits, unsigned version) {
    request_head head;
    if (const auto refused = read_lines(raw, head, limits)) {
        return refused_request{*refused, {.head_only = head.method == "HEAD"}};
    }
    begun_request made;
    const auto refused = read_framing(head, made.body);
    head.version = version == 0 ? head.version : version;
    made.request = std::make_unique<received>();
    made.request->read = ask(head);
    if (refused) {
        return refused_request{*refused, made.request->read.style};
    }
    made.request->message = message_of(head);
    return made;
}

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

asio::awaitable<read_result> read_request(connection_input& input, const server_options& options) {
    auto head = co_await read_head(input, options);
    if (const auto* refused = std::get_if<refused_request>(&head)) {
        co_return *refused;
    }
    if (std::holds_alternative<http2_preface>(head)) {
        co_return http2_preface{};
    }
    auto* const found = std::get_if<begun_request>(&head);
    if (found == nullptr) {
        co_return hang_up{};
    }
    if (found->body.has_body()) {
        const auto refused =
            co_await read_body(input, options, found->body, found->request->message.body());
        if (refused) {
            co_return refused_request{*refused, found->request->read.style};
        }
    }
    co_return std::move(found->request);
}

} // namespace crier::detail
