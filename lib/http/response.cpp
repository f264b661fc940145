#include "response.hpp"

#include <boost/beast/http/status.hpp>

#include <array>
#include <charconv>

namespace crier::detail {
namespace {

void put_fields(std::string& to, const response_fields& fields) {
    for (const auto& [name, value] : fields) {
        to.append(name).append(": ").append(value).append("\r\n");
    }
}

std::string hexadecimal(std::size_t number) {
    std::array<char, 2 * sizeof number> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return {digits.data(), end};
}

/// It stands alone: some clients take a blank line after it for the end of an event without data.
std::string retry_line(coding as, std::chrono::milliseconds retry) {
    const std::string line = "retry: " + std::to_string(retry.count()) + "\n";
    return as == coding::chunked ? hexadecimal(line.size()) + "\r\n" + line + "\r\n" : line;
}

} // namespace

std::string stream_header(coding as, const response_fields& more) {
    std::string header = "HTTP/1.1 200 OK\r\n"
                         "Content-Type: text/event-stream\r\n"
                         "Cache-Control: no-cache\r\n"
                         "X-Accel-Buffering: no\r\n"
                         "X-Content-Type-Options: nosniff\r\n";
    put_fields(header, more);
    header += as == coding::chunked ? "Transfer-Encoding: chunked\r\n" : "";
    return header += "Connection: close\r\n\r\n";
}

std::string stream_opening(
    coding as, const response_fields& more, std::optional<std::chrono::milliseconds> retry) {
    std::string opening = stream_header(as, more);
    if (retry) {
        opening += retry_line(as, *retry);
    }
    return opening;
}

std::string preflight_response(const response_fields& fields) {
    std::string response = "HTTP/1.1 204 No Content\r\n";
    put_fields(response, fields);
    return response += "Connection: close\r\n\r\n";
}

std::string refusal_response(const refusal& refused, const response_fields& more) {
    const auto phrase = boost::beast::http::obsolete_reason(
        static_cast<boost::beast::http::status>(refused.status));
    std::string response = "HTTP/1.1 " + std::to_string(refused.status) + " ";
    response.append(phrase.data(), phrase.size());
    response +=
        "\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n";
    if (refused.status == 405) {
        response += "Allow: GET\r\n";
    }
    put_fields(response, more);
    response += "Content-Length: " + std::to_string(refused.reason.size() + 1) +
                "\r\nConnection: close\r\n\r\n";
    return response.append(refused.reason).append("\n");
}

} // namespace crier::detail
