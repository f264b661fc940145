#pragma once

#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace crier {

/// Source: WHATWG HTML 9.2.2, `readyState`.
enum class ready_state {
    connecting, ///< there is no stream yet, or not any more, and there will be one
    open,
    closed, ///< for good
};

/// What has become of the connection, and why.
struct state_change {
    ready_state state = ready_state::connecting;
    /// Why there is no stream any more; none when it opened or when `reconnect` was called.
    boost::system::error_code reason{};
    /// The same in words for a user, with what only the occasion knows.
    std::string message{};
    /// How long until the next attempt.
    std::chrono::milliseconds delay{};
    /// Where the stream comes from, redirects followed; when it opened.
    std::string url{};
};

struct header_field {
    std::string name;
    std::string value;
};

struct tls_options {
    /// A file of certificates in PEM to trust in place of the system's.
    std::string ca_file{};
    /// Off: any certificate for any host will do, so anybody on the way may read and write along.
    bool verify = true;
    /// In place of a context made from `ca_file`: for client certificates, and to share one among
    /// many sources. `verify` holds all the same.
    std::shared_ptr<boost::asio::ssl::context> context{};
};

struct event_source_options {
    std::string method = "GET";
    /// Sent with each request. Of those that crier sends itself, `Accept`, `Accept-Encoding`,
    /// `Cache-Control` and `User-Agent` may be given. A redirect to another origin gets only what
    /// holds no secret: `Accept`, `Accept-Language`, `Cache-Control`, `Content-Type`, `User-Agent`.
    std::vector<header_field> headers{};
    /// Sent with each request where it is not empty, and with 307 and 308 to another origin too.
    std::string body{};
    /// Where to go on, as if the event of this id had been the last.
    std::string last_event_id{};
    tls_options tls{};

    /// Off: the first end of a stream, or the first failure, is the end for good. For a POST that
    /// must not be sent again.
    bool reconnect = true;
    /// How long to wait from the end of a stream to the next connection, until the stream sets it,
    /// which then is at least 10 ms.
    std::chrono::milliseconds reconnection_time = std::chrono::seconds{3};
    /// To where the wait grows, doubling with each failure in a row. What the stream sets may be
    /// more.
    std::chrono::milliseconds max_backoff = std::chrono::seconds{60};
    /// Whether 429 and 5xx are tried again, not before `Retry-After` or an hour; else they are the
    /// end, as the standard wants it.
    bool retry_server_errors = false;

    // For each redirect anew; more than 24 days mean 24 days.

    /// For the name's resolution and the connection together.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{10};
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
    /// From the request to the end of the response's header.
    std::chrono::milliseconds header_timeout = std::chrono::seconds{60};
    /// A stream that has sent nothing for so long, not even a comment, is given up; zero: never.
    /// Twice the server's heartbeat is a good choice. Without it, only TCP keep-alive tells that a
    /// silent server has gone.
    std::chrono::milliseconds idle_timeout{0};

    /// Bytes that a line or an event of the stream may take; more is the end.
    std::size_t event_limit = std::size_t{1024} * 1024;
    /// What waits to be received: so many events, and bytes of them unless it is but one.
    std::size_t queue_events = 256;
    std::size_t queue_bytes = std::size_t{1024} * 1024;

    /// Called as it happens, which may be while events that came before still wait to be received;
    /// so with comments, whose text is all after the colon.
    std::function<void(const state_change&)> on_state_change{};
    std::function<void(std::string_view)> on_comment{};
    /// Called with the bytes of a stream, as they come and before they are read as events.
    std::function<void(std::string_view)> on_bytes{};
    /// Uniform in [0, 1), for the spread of the waits; empty: a generator of the thread.
    std::function<double()> random{};
};

} // namespace crier
