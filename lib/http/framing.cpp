#include "framing.hpp"

#include "wire/field_text.hpp"

#include <algorithm>
#include <limits>

namespace crier::detail {
namespace {

constexpr bool is_host_character(char c) noexcept { return c > ' ' && c < '\x7F' && c != ','; }

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

bool is_list_of_tokens(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::string_view element = trimmed(take_until(text, ","));
        if (!element.empty() && !is_token(element)) {
            return false;
        }
    }
    return true;
}

/// How often the fields stand in a head that matter here.
struct counts {
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t codings = 0;
};

std::optional<refusal> read_field(
    std::string_view name, std::string_view value, framing& read, counts& seen) {
    if (same(name, "Host")) {
        ++seen.hosts;
        if (!std::ranges::all_of(value, is_host_character)) {
            return refusal{400, "malformed Host"};
        }
    } else if (same(name, "Content-Length")) {
        ++seen.lengths;
        const auto length = parse_length(value);
        if (!length) {
            return refusal{400, "malformed Content-Length"};
        }
        read.length = *length;
    } else if (same(name, "Transfer-Encoding")) {
        ++seen.codings;
        if (!same(value, "chunked")) {
            return refusal{400, "Transfer-Encoding other than chunked"};
        }
        read.chunked = true;
    } else if (same(name, "Expect")) {
        if (!same(value, "100-continue")) {
            return refusal{417, "unknown expectation"};
        }
        read.expects_continue = true;
    } else if (same(name, "Connection") && !is_list_of_tokens(value)) {
        return refusal{400, "malformed Connection"};
    }
    return std::nullopt;
}

} // namespace

std::optional<refusal> read_framing(const request_head& head, framing& read) {
    counts seen;
    for (const auto& [name, value] : head.fields) {
        if (auto refused = read_field(name, value, read, seen)) {
            return refused;
        }
    }
    read.expects_continue = read.expects_continue && head.version == 11 && read.has_body();
    if (seen.hosts > 1 || (seen.hosts == 0 && head.version == 11)) {
        return refusal{400, "a request needs one Host"};
    }
    if (seen.codings > 0 && head.version == 10) {
        return refusal{400, "Transfer-Encoding in HTTP/1.0"};
    }
    if (seen.lengths + seen.codings > 1) {
        return refusal{400, "the body's length is stated more than once"};
    }
    if (read.has_body() && (head.method == "GET" || head.method == "HEAD")) {
        return refusal{400, "a body on GET or HEAD"};
    }
    return std::nullopt;
}

} // namespace crier::detail

namespace crier {

std::optional<refusal> check_framing(const request_head& head) {
    detail::framing read;
    return detail::read_framing(head, read);
}

} // namespace crier
