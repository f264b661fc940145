#include <crier/http/gate.hpp>

#include "target.hpp"
#include "wire/field_text.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

namespace crier {
namespace {

using detail::is_token;
using detail::is_value_character;
using detail::same;
using detail::take_until;
using detail::trimmed;

constexpr bool is_visible(char c) noexcept { return c > ' ' && c < '\x7F'; }

std::optional<refusal> read_request_line(std::string_view line, request_head& head) {
    head.method = take_until(line, " ");
    head.target = take_until(line, " ");
    if (!is_token(head.method)) {
        return refusal{400, "malformed method"};
    }
    if (head.target.empty() || !std::ranges::all_of(head.target, is_visible)) {
        return refusal{400, "malformed request target"};
    }
    const bool http = line.size() == 8 && line.starts_with("HTTP/") && line[6] == '.' &&
                      std::isdigit(static_cast<unsigned char>(line[5])) != 0 &&
                      std::isdigit(static_cast<unsigned char>(line[7])) != 0;
    if (!http) {
        return refusal{400, "malformed request line"};
    }
    head.version = static_cast<unsigned>((line[5] - '0') * 10 + (line[7] - '0'));
    if (head.version != 10 && head.version != 11) {
        return refusal{505, "only HTTP/1.0 and HTTP/1.1 are served"};
    }
    const bool form = head.target.starts_with('/') || detail::is_absolute(head.target) ||
                      head.target == "*" || head.method == "CONNECT";
    return form ? std::nullopt : std::optional{refusal{400, "malformed request target"}};
}

std::optional<refusal> read_field(std::string_view line, request_head& head) {
    if (line.starts_with(' ') || line.starts_with('\t')) {
        return refusal{400, "folded header field"};
    }
    if (line.find(':') == line.npos) {
        return refusal{400, "header field without a colon"};
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

std::optional<std::size_t> parse_length(std::string_view digits) noexcept {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 10 - 1;
    std::size_t length = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9' || length > most) {
            return std::nullopt;
        }
        length = length * 10 + static_cast<std::size_t>(c - '0');
    }
    return digits.empty() ? std::nullopt : std::optional{length};
}

} // namespace

std::optional<refusal> read_head(
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
    return check_framing(head);
}

std::optional<refusal> check_framing(const request_head& head) {
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t codings = 0;
    bool has_body = false;
    for (const auto& [name, value] : head.fields) {
        if (same(name, "Host")) {
            ++hosts;
            if (!std::ranges::all_of(value, [](char c) { return is_visible(c) && c != ','; })) {
                return refusal{400, "malformed Host"};
            }
        } else if (same(name, "Content-Length")) {
            ++lengths;
            const auto length = parse_length(value);
            if (!length) {
                return refusal{400, "malformed Content-Length"};
            }
            has_body = has_body || *length > 0;
        } else if (same(name, "Transfer-Encoding")) {
            ++codings;
            has_body = true;
            if (!same(value, "chunked")) {
                return refusal{400, "Transfer-Encoding other than chunked"};
            }
        }
    }
    if (hosts > 1 || (hosts == 0 && head.version == 11)) {
        return refusal{400, "a request needs one Host"};
    }
    if (codings > 0 && head.version == 10) {
        return refusal{400, "Transfer-Encoding in HTTP/1.0"};
    }
    if (lengths + codings > 1) {
        return refusal{400, "more than one statement of the body's length"};
    }
    if (has_body && (head.method == "GET" || head.method == "HEAD")) {
        return refusal{400, "a body on GET or HEAD"};
    }
    return std::nullopt;
}

} // namespace crier
