#pragma once

#include <crier/export.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <type_traits>

namespace crier {

/// Every error that crier itself reports. Errors of the system and of Asio are passed on as they
/// are.
enum class errc {
    invalid_utf8 = 1,   ///< a type, a data or a comment text is not valid UTF-8
    invalid_type,       ///< an event type holds CR, LF or NUL
    invalid_id,         ///< an id is over 128 bytes or holds a byte outside 0x21 to 0x7E
    invalid_retry,      ///< a retry is negative or not below 2^31 milliseconds
    closed,             ///< the subscription or signal was closed, and nothing is left to read
    shut_down,          ///< the manager was shut down
    client_left,        ///< the peer closed the connection
    stalled,            ///< the peer took nothing for the time that a write may last
    bad_request,        ///< a request that the gate refuses
    header_too_large,   ///< a request header over the limit of bytes or fields
    request_timeout,    ///< a request header that was not complete in time
    line_too_long,      ///< a line of a stream is over `parser_options::limit`
    event_too_large,    ///< an event of a stream is over `parser_options::limit`
    bad_url,            ///< a URL that is not absolute, not `http` or `https`, or holds a password
    stream_ended,       ///< the server has ended a stream; there may be another one
    no_content,         ///< the server answered 204: there will be no stream any more
    unexpected_status,  ///< a response that is neither a stream nor a redirect
    not_event_stream,   ///< a response with another content than an event stream
    bad_response,       ///< what came is no HTTP/1.1 response, or one that was not asked for
    bad_redirect,       ///< a redirect that leads nowhere, or away from TLS
    too_many_redirects, ///< more than 20 of them
    connect_timeout,
    handshake_timeout,
    header_timeout,
    idle_timeout, ///< a stream was silent for longer than it may be
    overflow,     ///< more waited for a subscriber than its limits allow
    /// a topic's name is over `manager_options::name_bytes`; in a request also one that is not
    /// UTF-8, holds NUL, or is badly escaped
    invalid_topic,
    invalid_key,     ///< a key is over `manager_options::key_bytes`
    reserved_type,   ///< an event type begins with "crier.", as the library's own do
    reserved_id,     ///< an event id reads as one that the manager itself gives
    already_waiting, ///< another wait or receive has not completed; there is one at a time
};

/// The category of `errc`; its name is "crier".
CRIER_EXPORT const boost::system::error_category& error_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

} // namespace crier

template <>
struct boost::system::is_error_code_enum<crier::errc> : std::true_type {};
