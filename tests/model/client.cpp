#include "client.hpp"

#include "support/event_reader.hpp"

#include <boost/json/parse.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>

namespace crier::model {
namespace {

using namespace std::chrono_literals;

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

item item_of(const test::received& from) {
    item made;
    made.id = parse_event_id(from.id).value_or(event_id{});
    made.data = from.data;
    if (from.type == "crier.signal") {
        made.is = item::kind::signal;
    } else if (from.type == "crier.gap") {
        made.is = item::kind::gap;
        const auto told = boost::json::parse(from.data).as_object();
        const auto id_in = [&told](const char* name) {
            return parse_event_id(std::string_view{told.at(name).as_string()}).value_or(event_id{});
        };
        made.gap_from = id_in("from");
        made.gap_to = id_in("to");
        made.is_overflow = told.at("reason") == "overflow";
        if (const auto* const count = told.if_contains("count")) {
            made.gap_count = count->to_number<std::uint64_t>();
        }
    }
    return made;
}

/// A connection with a small receive buffer, so that who does not read is soon noticed; -1: none.
int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const int small = 4096;
    const timeval longest{30, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
        return socket;
    }
    ::close(socket);
    return -1;
}

} // namespace

client::client(town& in, std::uint32_t seed, std::vector<std::size_t> topics, std::string query,
    bool conflates)
    : town_{in}, random_{seed}, target_{"/?" + std::move(query)} {
    for (const std::size_t topic : topics) {
        target_ += "&topic=t" + std::to_string(topic);
    }
    record_.topics = std::move(topics);
    record_.conflates = conflates;
}

void client::run() {
    while (!connect_once()) {
        std::this_thread::sleep_for(std::chrono::microseconds{random_(3000)});
    }
}

/// Tells whether that was the last connection.
bool client::connect_once() {
    const std::uint16_t port = town_.port;
    const int socket = port == 0 ? -1 : connect_to(port);
    if (socket < 0) {
        return town_.is_closing;
    }
    std::string request = "GET " + target_ + " HTTP/1.1\r\nHost: a\r\n";
    request += last_event_id_.empty() ? "" : "Last-Event-ID: " + last_event_id_ + "\r\n";
    request += "\r\n";
    bool ended = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0;
    const std::string bytes = ended ? std::string{} : read(socket, ended);
    if (random_(2) == 0) {
        const linger by_reset{1, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &by_reset, sizeof by_reset);
    }
    ::close(socket);
    ++town_.disconnects;
    keep(bytes, !ended);
    return town_.is_closing && bytes.ends_with("0\r\n\r\n");
}

std::string client::read(int socket, bool& ended) {
    std::string bytes;
    const std::size_t enough = 1U << (6 + random_(12));
    const std::size_t leave_at = enough / 2 + random_(static_cast<std::uint32_t>(enough));
    while (town_.is_over || bytes.size() < leave_at) {
        if (!town_.is_over && random_(64) == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds{random_(60)});
        }
        char part[2048];
        const std::size_t most = town_.is_over ? sizeof part : 1 + random_(sizeof part);
        const ssize_t size = ::recv(socket, part, most, 0);
        if (size <= 0) {
            ended = true;
            break;
        }
        bytes.append(part, static_cast<std::size_t>(size));
    }
    return bytes;
}

void client::keep(const std::string& bytes, bool has_left) {
    const std::size_t head = bytes.find("\r\n\r\n");
    if (head == bytes.npos || !bytes.starts_with("HTTP/1.1 200 ")) {
        return;
    }
    const test::event_reader stream{unchunked(std::string_view{bytes}.substr(head + 4))};
    connection& seen = record_.connections.emplace_back(connection{last_event_id_});
    seen.has_left = has_left;
    for (const test::received& each : stream.events) {
        last_event_id_ = each.id;
        // What is of no known type is nothing to a page either.
        if (each.type == "message" || each.type.starts_with("crier.")) {
            seen.items.push_back(item_of(each));
        }
    }
}

} // namespace crier::model
