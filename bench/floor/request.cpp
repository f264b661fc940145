#include "floor/request.hpp"

#include <charconv>
#include <system_error>

namespace bench::bare {
namespace {

request read_line(std::string_view line, unsigned topics) {
    const std::size_t path_end = line.rfind(' ');
    if (!line.starts_with("GET /") || !line.substr(path_end + 1).starts_with("HTTP/1.") ||
        path_end < 4) {
        return {.is = request::state::bad};
    }
    std::string_view path = line.substr(4, path_end - 4);
    const bool is_topic = path.starts_with("/t/");
    path.remove_prefix(is_topic ? 3 : 0);
    unsigned topic = 0;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), topic);
    const bool is_number = error == std::errc{} && end == path.data() + path.size();
    if (!is_topic || !is_number || topic >= topics) {
        return {.is = request::state::not_found};
    }
    return {.is = request::state::stream, .topic = topic};
}

} // namespace

request read_request(std::string_view text, unsigned topics) {
    if (text.find("\r\n\r\n") != text.npos) {
        return read_line(text.substr(0, text.find("\r\n")), topics);
    }
    return {.is = text.size() < longest_request ? request::state::incomplete : request::state::bad};
}

std::string_view response_head(request::state to) {
    switch (to) {
    case request::state::stream:
        return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
               "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
    case request::state::not_found:
        return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    default: return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    }
}

} // namespace bench::bare
