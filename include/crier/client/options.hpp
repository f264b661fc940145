#pragma once

#include <crier/client/proxy_options.hpp>

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
    connecting, ///< there is no stream at present; a connection is tried or waited for
    open,
    closed, ///< for good
};

/// A change of the connection's state, and why.
struct state_change {
    ready_state state = ready_state::connecting;
    /// Why the stream ended. None when it opened, and after a call of `reconnect`.
    boost::system::error_code reason{};
    /// The same in words for a user, with details.
    std::string message{};
    /// How long until the next attempt.
    std::chrono::milliseconds delay{};
    /// When it opened: the stream's URL, after redirects.
    std::string url{};
};

struct header_field {
    std::string name;
    std::string value;
};

struct tls_options {
    /// A PEM file of certificates to trust, instead of the system's.
    std::string ca_file{};
    /// Off: any certificate is accepted, so anybody between client and server can read and change
    /// the stream.
    bool verify = true;
    /// Used instead of a context made from `ca_file`: for client certificates, or to share one
    /// among many sources. `verify` still applies.
    std::shared_ptr<boost::asio::ssl::context> context{};
};

struct event_source_options {
    std::string method = "GET";
    /// Sent with each request. They may replace crier's own `Accept`, `Accept-Encoding`,
    /// `Cache-Control` and `User-Agent`, but no other field that crier sets. After a redirect to
    /// another origin only these are sent, which hold no secrets: `Accept`, `Accept-Language`,
    /// `Cache-Control`, `Content-Type`, `User-Agent`.
    std::vector<header_field> headers{};
    /// Sent with each request, unless empty; after 307 and 308 to another origin too.
    std::string body{};
    /// The first connection resumes after the event of this id.
    std::string last_event_id{};
    tls_options tls{};
    proxy_options proxy{};
    /// The path of a Unix socket to connect to instead of the URL's host and port, after redirects
    /// too. The URL is what is asked for there: `http://localhost/events`. No proxy is used.
    std::string unix_socket{};

    /// Off: the source is closed when the first stream ends or the first attempt fails. For a POST
    /// that must not be sent again.
    bool reconnect = true;

    // Durations: zero or less means the default, unless it says otherwise, and
    // `milliseconds::max()` means never.

    /// How long to wait before a reconnect, until the stream sets another time, which is then at
    /// least 10 ms. Zero or less: the first reconnect is at once.
    std::chrono::milliseconds reconnection_time = std::chrono::seconds{3};
    /// The longest wait: it doubles with each failure in a row. A time set by the stream may be
    /// longer. `milliseconds::max()`: it goes on doubling.
    std::chrono::milliseconds max_backoff = std::chrono::seconds{60};
    /// Whether to retry after 429 and 5xx, waiting as `Retry-After` says, for an hour at most.
    /// Off: they close the source, as in browsers.
    bool retry_server_errors = false;

    // The timeouts apply to each redirect anew.

    /// For resolving the name, connecting, and a proxy's answer to CONNECT, together.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{10};
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
    /// From the request to the end of the response header.
    std::chrono::milliseconds header_timeout = std::chrono::seconds{60};
    /// A stream that sends nothing for so long, not even a comment, is given up, and the source
    /// reconnects. By default: never. Twice the server's heartbeat interval is a good choice.
    /// Without it, only TCP keep-alive detects that a silent server is gone.
    std::chrono::milliseconds idle_timeout = std::chrono::milliseconds::max();

    /// How many bytes a line or an event of the stream may take. A larger one closes the source.
    std::size_t event_limit = std::size_t{1024} * 1024;
    /// How many events may wait to be received, and how many bytes of them. There is always room
    /// for one event.
    std::size_t queue_events = 256;
    std::size_t queue_bytes = std::size_t{1024} * 1024;

    /// Called when the state changes. Earlier events may still wait to be received then.
    std::function<void(const state_change&)> on_state_change{};
    /// Called with the text of each comment, everything after its colon. Earlier events may still
    /// wait to be received then.
    std::function<void(std::string_view)> on_comment{};
    /// Called with the bytes of a stream as they come, before they are parsed.
    std::function<void(std::string_view)> on_bytes{};
    /// Returns numbers uniform in [0, 1), which spread the waits at random. Empty: a generator of
    /// the thread.
    std::function<double()> random{};
};

} // namespace crier
