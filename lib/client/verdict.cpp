#include "verdict.hpp"

#include <crier/wire/errc.hpp>

#include "http_date.hpp"
#include "media_type.hpp"
#include "response_fields.hpp"
#include "wire/field_text.hpp"
#include "wire/printable.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace crier::detail {
namespace {

/// Servers say "none" and "utf-8" where they mean no coding; any other may be one, and the bytes of
/// a coding are never parsed.
bool is_coded(std::string_view codings) {
    constexpr std::string_view no_coding[] = {"", "identity", "none", "utf-8"};
    while (!codings.empty()) {
        const std::string_view coding = trimmed(take_until(codings, ","));
        if (std::ranges::none_of(
                no_coding, [coding](std::string_view each) { return same(coding, each); })) {
            return true;
        }
    }
    return false;
}

bool is_redirect(unsigned status) {
    constexpr unsigned redirects[] = {301, 302, 303, 307, 308};
    return std::ranges::find(redirects, status) != std::end(redirects);
}

/// Whether another attempt may succeed. Source: RFC 9110, sections 15.5.9 and 15.6; RFC 6585,
/// section 4; RFC 8470, section 5.2.
bool is_passing(unsigned status) {
    constexpr unsigned client_errors[] = {408, 425, 429};
    return status / 100 == 5 || std::ranges::find(client_errors, status) != std::end(client_errors);
}

std::string in_quotes(std::string_view text) {
    return text.empty() ? "none" : '"' + printable(text) + '"';
}

verdict judge_content(const response_info& head) {
    using enum verdict::meaning;
    const std::string types = list_of(head, "Content-Type");
    if (!same(media_type_of(types), "text/event-stream")) {
        return {end, errc::not_event_stream,
            "the content type is " + in_quotes(types) + ", not text/event-stream"};
    }
    const std::string codings = list_of(head, "Content-Encoding");
    if (is_coded(codings)) {
        return {end, errc::not_event_stream,
            "the content coding " + in_quotes(codings) + " was not asked for"};
    }
    return {stream};
}

} // namespace

verdict judge(const response_info& head, bool standard_errors) {
    using enum verdict::meaning;
    if (head.status == 200) {
        return judge_content(head);
    }
    if (head.status == 204) {
        return {end, errc::no_content, "204 No Content: the server ends the stream for good"};
    }
    if (is_redirect(head.status)) {
        return {redirect};
    }
    const bool tried_again = is_passing(head.status) && !standard_errors;
    return {tried_again ? retry : end, errc::unexpected_status, status_of(head)};
}

std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now) {
    using namespace std::chrono;
    if (!text.empty() && text.find_first_not_of("0123456789") == text.npos) {
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} ? seconds{value} : seconds{UINT32_MAX};
    }
    const std::optional<sys_seconds> date = parse_http_date(text);
    if (!date) {
        return std::nullopt;
    }
    const auto wait = date->time_since_epoch() - ceil<milliseconds>(now.time_since_epoch());
    return std::max<milliseconds>(wait, milliseconds{0});
}

std::optional<std::chrono::milliseconds> retry_after_of(
    const response_info& head, std::chrono::system_clock::time_point now) {
    std::optional<std::chrono::milliseconds> longest;
    for (const std::string_view value : values_of(head, "Retry-After")) {
        longest = std::max(longest, parse_retry_after(value, now));
    }
    return longest;
}

} // namespace crier::detail
