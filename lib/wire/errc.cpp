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
        case errc::invalid_type: return "event type holds CR, LF or NUL, which would end its line";
        case errc::invalid_id: return "event id must be at most 128 bytes of 0x21 to 0x7E";
        case errc::invalid_retry: return "retry must be at least 0 and below 2^31 milliseconds";
        case errc::closed: return "subscription is closed";
        case errc::shut_down: return "manager is shut down";
        case errc::client_left: return "client closed the connection";
        case errc::stalled: return "client took nothing for the time that a write may last";
        case errc::bad_request: return "bad request";
        case errc::line_too_long: return "a line of the stream is over parser_options::limit";
        case errc::event_too_large: return "an event of the stream is over parser_options::limit";
        case errc::bad_url:
            return "URL must be absolute, http or https, with a host of ASCII and no user name";
        case errc::stream_ended: return "stream has ended";
        case errc::no_content: return "server ends the stream for good";
        case errc::unexpected_status: return "server does not answer with a stream";
        case errc::not_event_stream: return "response is not an event stream";
        case errc::bad_response: return "response is not proper HTTP/1.1";
        case errc::bad_redirect: return "redirect leads nowhere, or away from TLS";
        case errc::too_many_redirects: return "more than 20 redirects";
        case errc::connect_timeout: return "connection was not made in time";
        case errc::handshake_timeout: return "TLS handshake was not over in time";
        case errc::header_timeout: return "response header did not come in time";
        case errc::idle_timeout: return "stream was silent for too long";
        case errc::invalid_key: return "key is longer than manager_options::key_bytes";
        case errc::reserved_type: return "event types that begin with \"crier.\" are the library's";
        case errc::reserved_id: return "event id reads as one that the manager itself gives";
        case errc::already_waiting: return "another wait is pending; there is one at a time";
        case errc::overflow: return "more waited for the subscriber than its limits allow";
        case errc::invalid_topic:
            return "topic must be UTF-8 without NUL, and \"%\" begin an escape of two hexadecimal "
                   "digits";
        }
        return "unknown error";
    }
};

} // namespace

const boost::system::error_category& error_category() noexcept {
    static const category instance;
    return instance;
}

} // namespace crier
