#pragma once

#include <crier/client/proxy_options.hpp>
#include <crier/client/silence.hpp>
#include <crier/client/state_change.hpp>
#include <crier/client/stream_request.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace crier {

/// A source that connects to the same host and port again resumes its TLS session there. It rests
/// on the certificate that was verified with the first of these connections, for a day at most, and
/// no longer than the certificate is valid; what is changed in `context` meanwhile counts after
/// that.
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

/// How an `event_source` asks, reads and tells. Designated initialisers name the members in the
/// order in which they stand here, as C++ asks for:
///
///     crier::event_source_options options{.last_event_id = "7", .idle_timeout = 1min};
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
    /// How many bytes of an id are sent. A longer one, and one with a control character other than
    /// a tab, stays the last event id, but is not sent: servers refuse such a request for good.
    /// `change_kind::id_not_sent` tells of it. Blanks around an id are sent, and receivers take
    /// them away.
    std::size_t last_event_id_limit = 4'096;
    /// Keeps the cookies of all responses, those of redirects and errors too, and returns them to
    /// the same host. Unlike in a browser, no other host of a `Domain` gets them, `SameSite` and
    /// the prefixes of names have no meaning, and they go with the source. At most 50 cookies and 4
    /// KB: the oldest go first. Source: RFC 6265, section 5.
    bool keep_cookies = false;
    tls_options tls{};
    proxy_options proxy{};
    /// The path of a Unix socket to connect to instead of the URL's host and port, after redirects
    /// too. The URL is what is asked for there: `http://localhost/events`. No proxy is used.
    std::string unix_socket{};

    /// Whether to connect again after a stream that has ended and an attempt that has failed. Off:
    /// the first of them closes the source.
    ///
    /// Unset: on for the safe methods, GET, OPTIONS, PROPFIND, QUERY, REPORT and SEARCH. With any
    /// other, such as POST, a request that was sent, be it in part, is not sent again, whatever
    /// came of it; an attempt that had sent none, as the connection failed, is tried again.
    ///
    /// `event_source::reconnect` connects again in any case. Source: RFC 9110, section 9.2.
    std::optional<bool> reconnect{};
    /// By the letter of the standard 408, 425, 429 and 5xx close the source, as in browsers. Off:
    /// they are tried again, waiting as `Retry-After` says, for an hour at most.
    /// Source: WHATWG HTML 9.2.3.
    bool standard_errors = false;

    // Durations: zero or less means the default, unless it says otherwise, and
    // `milliseconds::max()` means never.

    /// How long to wait before a reconnect, until the stream sets another time, which is then at
    /// least 10 ms. Zero or less: the first reconnect is at once.
    std::chrono::milliseconds reconnection_time = std::chrono::seconds{3};
    /// The longest wait. Each wait is a random one, from the reconnection time to a fifth more;
    /// with each failure in a row the upper end is twice as far, up to this. A stream that brings
    /// no event is one, too, whatever time it sets, unless it was open for as long as this. A time
    /// set by the stream may be longer. `milliseconds::max()`: it goes on doubling.
    std::chrono::milliseconds max_backoff = std::chrono::seconds{60};

    // The timeouts apply to each redirect anew.

    /// For resolving the name, connecting, and a proxy's answer to CONNECT, together.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{10};
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
    /// From the request to the end of the response header. A server that accepts and never answers
    /// is given up by this, whatever the times of silence are.
    std::chrono::milliseconds header_timeout = std::chrono::seconds{60};

    // Two times of silence. Each begins with the stream, and anew with any byte of it: a heartbeat
    // ends it, as a comment or an event does. While the queue is full, and so nothing is read,
    // there is none. Twice the server's heartbeat interval is a good choice for either.

    /// `on_silence` is told after so much of it, and the stream stays. It should be shorter than
    /// `idle_timeout`, or nobody is told.
    std::chrono::milliseconds silence_after = std::chrono::seconds{60};
    /// After so much of it the stream is given up, and the source reconnects. By default: never.
    /// Without it, only TCP keep-alive detects that a silent server is gone.
    std::chrono::milliseconds idle_timeout = std::chrono::milliseconds::max();

    /// How many bytes a line or an event of the stream may take. A larger one closes the source.
    std::size_t event_limit = std::size_t{1024} * 1024;
    /// How many events may wait to be received, and how many bytes of them. There is always room
    /// for one event.
    std::size_t queue_events = 256;
    std::size_t queue_bytes = std::size_t{1024} * 1024;

    // What a callback throws closes the source, and is thrown to who receives, but for
    // `on_connect`. None is called once the source is closed.

    /// Awaited before each attempt, but not before a redirect. It is given the request that these
    /// options make, each time anew, and may set its URL, headers and body: for a fresh token, say.
    ///
    /// Errors: what it throws, and a request that cannot be sent, is a failure of the attempt, as a
    /// failed connection is.
    /// Cancellation: by `close`, `reconnect` and the end of the source, terminal. It has no time
    /// limit but its own.
    /// Lifetime: it stays until its coroutine has ended. It runs on the source's executor.
    std::function<boost::asio::awaitable<void>(stream_request&)> on_connect{};
    /// Called with the header of each response, redirects and errors too, before its body is read.
    std::function<void(const response_info&)> on_response{};
    /// Called when the state changes. Earlier events may still wait to be received then, if who
    /// receives is slower than the stream.
    std::function<void(const state_change&)> on_state_change{};
    /// Called once a stream has been silent for `silence_after`, and once more when bytes come
    /// again: once each in a silence. It may call `reconnect`. A stream that ends in silence is
    /// told of by `on_state_change` alone.
    std::function<void(const silence&)> on_silence{};
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
