#include <crier/wire/errc.hpp>

#include <string>

namespace crier {
namespace {

class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "crier"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::invalid_utf8: return "text is not valid UTF-8";
        case errc::invalid_type: return "event type contains CR, LF or NUL";
        case errc::invalid_id: return "event id must have at most 128 bytes, all from 0x21 to 0x7E";
        case errc::invalid_retry: return "retry must be at least 0 and below 2^31 milliseconds";
        case errc::closed: return "subscription, signal or source is closed";
        case errc::shut_down: return "manager is shut down";
        case errc::client_left: return "client closed the connection";
        case errc::stalled: return "client took nothing for the heartbeat interval";
        case errc::bad_request: return "client sends data on an event stream";
        case errc::line_too_long: return "a line of the stream is over parser_options::limit";
        case errc::event_too_large: return "an event of the stream is over parser_options::limit";
        case errc::bad_url:
            return "URL must be absolute, http or https, with a host of ASCII and no user name";
        case errc::stream_ended: return "stream has ended";
        case errc::no_content: return "server answered 204, which means not to reconnect";
        case errc::unexpected_status: return "response is neither a stream nor a redirect";
        case errc::not_event_stream: return "response is not an event stream";
        case errc::bad_response: return "response is not valid HTTP/1.1";
        case errc::bad_redirect: return "redirect has no valid target, or leads away from TLS";
        case errc::too_many_redirects: return "more than 20 redirects";
        case errc::connect_timeout: return "connecting took too long";
        case errc::handshake_timeout: return "TLS handshake took too long";
        case errc::header_timeout: return "response header took too long";
        case errc::idle_timeout: return "stream was silent for too long";
        case errc::invalid_key: return "key is longer than manager_options::key_bytes";
        case errc::reserved_type: return "event types that begin with \"crier.\" are reserved";
        case errc::reserved_id: return "event id looks like one of the manager's own";
        case errc::already_waiting: return "another wait or receive is pending";
        case errc::callback_failed: return "a callback has thrown";
        case errc::no_stream: return "request was answered, but not with a stream";
        case errc::proxy_refused: return "proxy refuses to connect to the server";
        case errc::unsendable_id:
            return "last event id is not sent: it is too long, or has a control character";
        case errc::topic_closed: return "topic was closed";
        case errc::journal_unavailable: return "journal does not answer";
        case errc::journal_unusable: return "journal cannot be used";
        case errc::journal_full: return "too much waits for the journal";
        case errc::journal_unanswered:
            return "the journal has not answered, and may have the event";
        case errc::overflow: return "the subscriber's queue was full";
        case errc::invalid_topic:
            return "topic is too long, is not UTF-8, contains NUL, or has a \"%\" without two "
                   "hexadecimal digits after it";
        }
        return "unknown error";
    }
};

} // namespace

std::string_view to_string(errc e) noexcept {
    switch (e) {
    case errc::invalid_utf8: return "invalid_utf8";
    case errc::invalid_type: return "invalid_type";
    case errc::invalid_id: return "invalid_id";
    case errc::invalid_retry: return "invalid_retry";
    case errc::closed: return "closed";
    case errc::shut_down: return "shut_down";
    case errc::client_left: return "client_left";
    case errc::stalled: return "stalled";
    case errc::bad_request: return "bad_request";
    case errc::line_too_long: return "line_too_long";
    case errc::event_too_large: return "event_too_large";
    case errc::bad_url: return "bad_url";
    case errc::stream_ended: return "stream_ended";
    case errc::no_content: return "no_content";
    case errc::unexpected_status: return "unexpected_status";
    case errc::not_event_stream: return "not_event_stream";
    case errc::bad_response: return "bad_response";
    case errc::bad_redirect: return "bad_redirect";
    case errc::too_many_redirects: return "too_many_redirects";
    case errc::connect_timeout: return "connect_timeout";
    case errc::handshake_timeout: return "handshake_timeout";
    case errc::header_timeout: return "header_timeout";
    case errc::idle_timeout: return "idle_timeout";
    case errc::overflow: return "overflow";
    case errc::invalid_topic: return "invalid_topic";
    case errc::invalid_key: return "invalid_key";
    case errc::reserved_type: return "reserved_type";
    case errc::reserved_id: return "reserved_id";
    case errc::already_waiting: return "already_waiting";
    case errc::callback_failed: return "callback_failed";
    case errc::no_stream: return "no_stream";
    case errc::proxy_refused: return "proxy_refused";
    case errc::unsendable_id: return "unsendable_id";
    case errc::topic_closed: return "topic_closed";
    case errc::journal_unavailable: return "journal_unavailable";
    case errc::journal_unusable: return "journal_unusable";
    case errc::journal_full: return "journal_full";
    case errc::journal_unanswered: return "journal_unanswered";
    }
    return "unknown";
}

const boost::system::error_category& error_category() noexcept {
    static const category instance;
    return instance;
}

} // namespace crier
