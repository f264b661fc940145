#include <crier/http/gate.hpp>

#include "framing.hpp"
#include "target.hpp"
#include "wire/field_text.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace crier {
namespace detail {
namespace {

/// Of one that is longer Beast cannot keep the size.
constexpr std::size_t longest_line = 0xFF00;

constexpr bool is_visible(char c) noexcept { return c > ' ' && c < '\x7F'; }

/// Those of RFC 9110 without CONNECT, which is for proxies, and PATCH of RFC 5789.
bool is_implemented(std::string_view method) noexcept {
    constexpr std::string_view methods[]{
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"};
    return std::ranges::find(methods, method) != std::end(methods);
}

bool is_version(std::string_view text) noexcept {
    return text.size() == 8 && text.starts_with("HTTP/") && text[6] == '.' &&
           std::isdigit(static_cast<unsigned char>(text[5])) != 0 &&
           std::isdigit(static_cast<unsigned char>(text[7])) != 0;
}

std::optional<refusal> read_request_line(std::string_view line, request_head& head) {
    head.method = take_until(line, " ");
    head.target = take_until(line, " ");
    if (!is_token(head.method)) {
        return refusal{400, "malformed method"};
    }
    if (head.target.empty() || !std::ranges::all_of(head.target, is_visible)) {
        return refusal{400, "malformed request target"};
    }
    if (!is_version(line)) {
        return refusal{400, "malformed request line"};
    }
    head.version = static_cast<unsigned>((line[5] - '0') * 10 + (line[7] - '0'));
    if (head.version != 10 && head.version != 11) {
        return refusal{505, "only HTTP/1.0 and HTTP/1.1 are served"};
    }
    if (!is_implemented(head.method)) {
        return refusal{501, "the method is not implemented"};
    }
    const bool form = head.target.starts_with('/') || is_absolute(head.target) ||
                      (head.target == "*" && head.method == "OPTIONS");
    return form ? std::nullopt : std::optional{refusal{400, "malformed request target"}};
}

/// Source: RFC 9112, section 3.2.2.
std::optional<refusal> take_host_of_target(request_head& head) {
    const std::string_view authority = authority_of(head.target);
    if (authority.empty() || authority.find('@') != authority.npos) {
        return refusal{400, "malformed request target"};
    }
    if (authority.size() > longest_line) {
        return refusal{431, "request target is too large"};
    }
    bool has_host = false;
    for (auto& [name, value] : head.fields) {
        if (same(name, "Host")) {
            value = authority;
            has_host = true;
        }
    }
    if (!has_host && head.version == 10) {
        head.fields.emplace_back("Host", authority);
    }
    return std::nullopt;
}

std::optional<refusal> read_field(std::string_view line, request_head& head) {
    if (line.starts_with(' ') || line.starts_with('\t')) {
        return refusal{400, "folded header field"};
    }
    if (line.find(':') == line.npos) {
        return refusal{400, "header field without a colon"};
    }
    if (line.size() > longest_line) {
        return refusal{431, "header field is too large"};
    }
    const std::string_view name = take_until(line, ":");
    if (!is_token(name)) {
        return refusal{400, "malformed header field name"};
    }
    if (!std::ranges::all_of(line, is_value_character)) {
        return refusal{400, "control character in a header field"};
    }
    head.fields.emplace_back(name, trimmed(line));
    return std::nullopt;
}

} // namespace

std::optional<refusal> read_lines(
    std::string_view raw, request_head& head, const gate_limits& limits) {
    if (raw.size() > limits.header_bytes) {
        return refusal{431, "request header is too large"};
    }
    if (!raw.ends_with("\r\n\r\n")) {
        return refusal{400, "request header without an end"};
    }
    raw.remove_suffix(2);
    if (auto refused = read_request_line(take_until(raw, "\r\n"), head)) {
        return refused;
    }
    head.fields.clear();
    while (!raw.empty()) {
        if (head.fields.size() == limits.header_fields) {
            return refusal{431, "too many header fields"};
        }
        if (auto refused = read_field(take_until(raw, "\r\n"), head)) {
            return refused;
        }
    }
    return is_absolute(head.target) ? take_host_of_target(head) : std::nullopt;
}

} // namespace detail

std::optional<refusal> read_head(
    std::string_view raw, request_head& head, const gate_limits& limits) {
    auto refused = detail::read_lines(raw, head, limits);
    return refused ? refused : check_framing(head);
}

} // namespace crier
