#pragma once

#include <crier/export.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <string_view>
#include <type_traits>

namespace crier {

/// The errors that crier itself reports. Errors of the system and of Asio are passed on unchanged.
enum class errc {
    invalid_utf8 = 1,   ///< a type, data or a comment is not valid UTF-8
    invalid_type,       ///< an event type contains CR, LF or NUL
    invalid_id,         ///< an id is over 128 bytes or contains a byte outside 0x21 to 0x7E
    invalid_retry,      ///< a retry is negative, or 2^31 milliseconds or more
    closed,             ///< the subscription, signal or source was closed: nothing is left to read
    shut_down,          ///< the manager was shut down
    client_left,        ///< the peer closed the connection
    stalled,            ///< the peer took nothing for the heartbeat interval
    bad_request,        ///< the peer of a stream sends more than a client may
    line_too_long,      ///< a line of a stream exceeds `parser_options::limit`
    event_too_large,    ///< an event of a stream exceeds `parser_options::limit`
    bad_url,            ///< a URL is not absolute, not `http` or `https`, or has a password
    stream_ended,       ///< the server ended the stream; a reconnect may give another one
    no_content,         ///< the server answered 204: do not reconnect
    unexpected_status,  ///< a response is neither a stream nor a redirect
    not_event_stream,   ///< a response has another content type than an event stream
    bad_response,       ///< the bytes are not an HTTP/1.1 response, or not to this request
    bad_redirect,       ///< a redirect has no valid target, or leads away from TLS
    too_many_redirects, ///< more than 20 redirects
    connect_timeout,
    handshake_timeout,
    header_timeout,
    idle_timeout, ///< a stream was silent for the idle timeout
    overflow,     ///< a subscriber's queue was full, and the policy is to disconnect
    /// a topic's name exceeds `manager_options::name_bytes`; in a request also: it is not UTF-8,
    /// contains NUL, or has a bad escape
    invalid_topic,
    invalid_key,         ///< a key exceeds `manager_options::key_bytes`
    reserved_type,       ///< an event type begins with "crier."
    reserved_id,         ///< an event id looks like one of the manager's own
    already_waiting,     ///< another wait or receive is pending
    callback_failed,     ///< a callback has thrown what has no error code of its own
    no_stream,           ///< the request was answered, but not with a stream
    proxy_refused,       ///< a proxy does not let a client through to the server
    unsendable_id,       ///< a last event id is not sent: too long, or with a control character
    topic_closed,        ///< all the topics that are subscribed to were closed lately
    journal_unavailable, ///< the journal does not answer; it may later
    journal_unusable,    ///< what should be a journal is none, is in use, or may not be used
    journal_full,        ///< too much waits for the journal already
    journal_unanswered,  ///< the journal was sent an event, and may have it, but has not answered
};

/// The name of the value, such as "stream_ended". `error_code::message` says it in words.
CRIER_EXPORT std::string_view to_string(errc e) noexcept;

/// The category of `errc`; its name is "crier".
CRIER_EXPORT const boost::system::error_category& error_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

} // namespace crier

template <>
struct boost::system::is_error_code_enum<crier::errc> : std::true_type {};
