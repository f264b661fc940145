#pragma once

#include <crier/client/stream_request.hpp>

#include <boost/system/error_code.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace crier {

/// Source: WHATWG HTML 9.2.2, `readyState`.
enum class ready_state {
    connecting, ///< there is no stream at present; a connection is tried or waited for
    open,
    closed, ///< for good
};

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
struct state_change {
    ready_state state = ready_state::connecting;
    /// Why the stream ended, or the attempt failed. None when it opened, and after a call of
    /// `reconnect`. `errc::unsendable_id`: an attempt begins, without `Last-Event-ID`, so that the
    /// stream does not resume; told once for each such id.
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
