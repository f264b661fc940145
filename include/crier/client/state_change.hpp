#pragma once

#include <crier/client/stream_request.hpp>
#include <crier/export.hpp>

#include <boost/system/error_code.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crier {

/// Source: WHATWG HTML 9.2.2, `readyState`.
enum class ready_state {
    connecting, ///< there is no stream at present; a connection is tried or waited for
    open,
    closed, ///< for good
};

CRIER_EXPORT std::string_view to_string(ready_state state) noexcept;

/// What has happened. After `closed_by_program` and all that follow it here, it is over for good.
enum class change_kind {
    opened,            ///< a stream is open
    retrying,          ///< there is no stream; the next attempt is after `delay`, or at once
    id_not_sent,       ///< an attempt begins, which does not resume: `errc::unsendable_id` says why
    closed_by_program, ///< `event_source::close` was called
    /// The server, or a proxy, says not to come again: by 204, by another status that is final,
    /// such as 404, by a content that is no event stream, or by a redirect that leads nowhere.
    refused,
    /// The stream ended, or the attempt failed, and `event_source_options::reconnect` allows no
    /// other.
    not_retried,
    /// The program cannot go on: an event is over `event_limit`, a callback has thrown, a proxy of
    /// the environment makes no sense, or memory ran out.
    failed,
};

CRIER_EXPORT std::string_view to_string(change_kind kind) noexcept;

/// What a server has answered.
struct response_info {
    std::string url{}; ///< whose answer it is, after redirects
    unsigned status = 0;
    std::string reason{}; ///< the words after the status
    /// In their order, at most 64 KB.
    std::vector<header_field> headers{};
    /// Where it is no stream: the first 4 KB of its body, or what of them came within 5 s and the
    /// header timeout.
    std::string body{};
};

/// A change of the connection's state, and why.
///
///     options.on_state_change = [](const crier::state_change& change) {
///         using enum crier::change_kind;
///         switch (change.kind) {
///         case opened: show("live"); break;
///         case retrying: show("away: " + change.message); break;
///         case id_not_sent: show("what was missed does not come"); break;
///         case closed_by_program: break;
///         case refused: show("gone: " + change.message); break;
///         case not_retried:
///         case failed: show("over: " + change.message); break;
///         }
///     };
struct state_change {
    change_kind kind = change_kind::retrying;
    ready_state state = ready_state::connecting;
    /// Why the stream ended, or the attempt failed: `errc::stream_ended` by the server, in order;
    /// `errc::connect_timeout`, `handshake_timeout`, `header_timeout` or `idle_timeout` given up by
    /// this program's options; all else a failure of the connection or the answer. None when it
    /// opened, and after a call of `reconnect`. `errc::closed` after one of `close`.
    /// `errc::unsendable_id`: an attempt begins, without `Last-Event-ID`, so that the stream does
    /// not resume; told once for each such id.
    boost::system::error_code reason{};
    /// The same in words for a user, with details.
    std::string message{};
    /// How long until the next attempt.
    std::chrono::milliseconds delay{};
    /// When it opened: the stream's URL, after redirects.
    std::string url{};
    /// When it opened, and when a response is why it did not: that response. Else none.
    std::shared_ptr<const response_info> response{};
};

} // namespace crier
