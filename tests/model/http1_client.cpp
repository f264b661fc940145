#include "http1_client.hpp"

#include <charconv>
#include <string_view>

namespace crier::model {
namespace {

/// As much of a chunked body as has come whole.
std::string unchunked(std::string_view body) {
    std::string bytes;
    while (true) {
        const std::size_t line = body.find("\r\n");
        std::size_t size = 0;
        if (line == body.npos ||
            std::from_chars(body.data(), body.data() + line, size, 16).ec != std::errc{} ||
            size == 0) {
            return bytes;
        }
        body.remove_prefix(line + 2);
        bytes.append(body.substr(0, size));
        if (body.size() < size + 2) {
            return bytes;
        }
        body.remove_prefix(size + 2);
    }
}

} // namespace

void http1_client::read(wire& from) {
    reader& to = my_readers().front();
    std::string request = "GET " + to.target() + " HTTP/1.1\r\nHost: a\r\n";
    request += to.last_event_id().empty() ? "" : "Last-Event-ID: " + to.last_event_id() + "\r\n";
    std::string bytes;
    const bool has_left = from.send(request + "\r\n") && read_some(from, bytes);
    const std::size_t head = bytes.find("\r\n\r\n");
    if (head != bytes.npos && bytes.starts_with("HTTP/1.1 200 ")) {
        to.keep(unchunked(std::string_view{bytes}.substr(head + 4)), has_left);
    }
    to.is_at_end = around().is_closing && bytes.ends_with("0\r\n\r\n");
}

bool http1_client::read_some(wire& from, std::string& bytes) {
    const std::size_t leave_at = enough();
    while (around().is_over || bytes.size() < leave_at) {
        stall_at_times();
        char part[2048];
        const std::size_t size = from.receive(part, some_of(sizeof part)).value_or(0);
        if (size == 0) {
            return false;
        }
        bytes.append(part, size);
    }
    return true;
}

} // namespace crier::model
