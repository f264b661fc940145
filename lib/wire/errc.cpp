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
        case errc::header_too_large: return "request header is too large";
        case errc::request_timeout: return "request header was not complete in time";
        case errc::line_too_long: return "a line of the stream is over parser_options::limit";
        case errc::event_too_large: return "an event of the stream is over parser_options::limit";
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
