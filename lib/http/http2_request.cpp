#include "http2_request.hpp"

#include <utility>

namespace crier::detail {
namespace {

void put(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).append(": ").append(value).append("\r\n");
}

/// It would begin a line of its own in HTTP/1.1's form.
bool has_line_end(std::string_view text) noexcept {
    return text.find_first_of(std::string_view{"\r\n\0", 3}) != text.npos;
}

} // namespace

bool http2_request::add(std::string_view name, std::string_view value, const gate_limits& limits) {
    constexpr std::size_t beside = 4; // a colon, a space, the end of the line
    head_bytes_ += name.size() + value.size() + beside;
    if (head_bytes_ > limits.header_bytes || fields_ == limits.header_fields) {
        constexpr std::size_t most_refused = 8;
        refuse({431, "request header is too large"});
        return head_bytes_ / most_refused <= limits.header_bytes;
    }
    if (has_line_end(name) || has_line_end(value)) {
        refuse({400, "control character in a header field"});
        return true;
    }
    if (name == ":method") {
        method_ = value;
    } else if (name == ":path") {
        target_ = value;
    } else if (name == ":authority") {
        authority_ = value;
    } else if (name == "cookie") {
        // Source: RFC 9113, section 8.2.3.
        cookies_.append(cookies_.empty() ? "" : "; ").append(value);
    } else if (!name.starts_with(':')) {
        ++fields_;
        if (name == "host" && host_.empty()) {
            host_ = value;
        }
        put(lines_, name, value);
    }
    return true;
}

bool http2_request::add_body(std::string_view bytes, std::size_t most) {
    if (bytes.size() > most - body_.size()) {
        return false;
    }
    body_ += bytes;
    return true;
}

std::variant<refused_request, std::unique_ptr<received>> http2_request::finish(
    const gate_limits& limits) {
    const reply_style style{.head_only = method_ == "HEAD"};
    if (refused_) {
        return refused_request{*refused_, style};
    }
    if (authority_.empty() && host_.empty()) {
        return refused_request{{400, "a request needs one Host"}, style};
    }
    if (!authority_.empty() && !host_.empty() && authority_ != host_) {
        return refused_request{{400, "Host is not the authority of the request"}, style};
    }
    if (target_.empty()) {
        return refused_request{{501, "the method is not implemented"}, style};
    }
    std::string raw = std::move(method_);
    raw.append(" ").append(target_).append(" HTTP/1.1\r\n");
    if (host_.empty()) {
        put(raw, "host", authority_);
    }
    raw += lines_;
    if (!cookies_.empty()) {
        put(raw, "cookie", cookies_);
    }
    raw += "\r\n";
    gate_limits within = limits;
    within.header_bytes += 64; // the request line was not counted in this form
    within.header_fields += 2;
    constexpr unsigned http2 = 20;
    auto parsed = parse_head(raw, within, http2);
    if (const auto* const refused = std::get_if<refused_request>(&parsed)) {
        return *refused;
    }
    auto& begun = std::get<begun_request>(parsed);
    received& request = *begun.request;
    if (!body_.empty() && (request.message.method_string() == "GET" || style.head_only)) {
        return refused_request{{400, "a body on GET or HEAD"}, request.read.style};
    }
    request.message.body() = std::move(body_);
    return std::move(begun.request);
}

} // namespace crier::detail
