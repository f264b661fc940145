#include "response.hpp"

#include <boost/beast/http/status.hpp>

namespace crier::detail {
namespace {

constexpr const char* chunked_header = "HTTP/1.1 200 OK\r\n"
                                       "Content-Type: text/event-stream\r\n"
                                       "Cache-Control: no-cache\r\n"
                                       "X-Accel-Buffering: no\r\n"
                                       "X-Content-Type-Options: nosniff\r\n"
                                       "Transfer-Encoding: chunked\r\n"
                                       "Connection: close\r\n"
                                       "\r\n";

constexpr const char* plain_header = "HTTP/1.1 200 OK\r\n"
                                     "Content-Type: text/event-stream\r\n"
                                     "Cache-Control: no-cache\r\n"
                                     "X-Accel-Buffering: no\r\n"
                                     "X-Content-Type-Options: nosniff\r\n"
                                     "Connection: close\r\n"
                                     "\r\n";

} // namespace

std::string_view stream_header(coding as) noexcept {
    return as == coding::chunked ? chunked_header : plain_header;
}

std::string refusal_response(const refusal& refused) {
    const auto phrase = boost::beast::http::obsolete_reason(
        static_cast<boost::beast::http::status>(refused.status));
    std::string response = "HTTP/1.1 " + std::to_string(refused.status) + " ";
    response.append(phrase.data(), phrase.size());
    response +=
        "\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n";
    if (refused.status == 405) {
        response += "Allow: GET\r\n";
    }
    response += "Content-Length: " + std::to_string(refused.reason.size() + 1) +
                "\r\nConnection: close\r\n\r\n";
    return response.append(refused.reason).append("\n");
}

} // namespace crier::detail
