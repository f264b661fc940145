#include "verdict.hpp"

#include <crier/wire/errc.hpp>

#include "wire/field_text.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>

namespace crier::detail {
namespace {

bool is_event_stream(std::string_view content_type) {
    return same(trimmed(content_type.substr(0, content_type.find(';'))), "text/event-stream");
}

bool is_redirect(unsigned status) {
    constexpr unsigned redirects[] = {301, 302, 303, 307, 308};
    return std::ranges::find(redirects, status) != std::end(redirects);
}

std::string in_quotes(std::string_view text) {
    return text.empty() ? "none" : '"' + std::string{text} + '"';
}

verdict judge_content(const response_head& head) {
    using enum verdict::meaning;
    if (!is_event_stream(head.content_type)) {
        return {end, errc::not_event_stream,
            "the content type is " + in_quotes(head.content_type) + ", not text/event-stream"};
    }
    if (!head.content_encoding.empty() && !same(head.content_encoding, "identity")) {
        return {end, errc::not_event_stream,
            "the content coding " + in_quotes(head.content_encoding) + " was not asked for"};
    }
    return {stream};
}

} // namespace

verdict judge(const response_head& head, bool retry_server_errors) {
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
    const bool server_error = head.status == 429 || head.status / 100 == 5;
    std::string message = std::to_string(head.status);
    if (!head.reason.empty()) {
        message += ' ' + head.reason;
    }
    return {server_error && retry_server_errors ? retry : end, errc::unexpected_status, message};
}

std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now) {
    using namespace std::chrono;
    if (!text.empty() && text.find_first_not_of("0123456789") == text.npos) {
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} ? seconds{value} : seconds{UINT32_MAX};
    }
    constexpr std::size_t date_size = std::string_view{"Sun, 06 Nov 1994 08:49:37 GMT"}.size();
    std::tm date{};
    std::istringstream in{std::string{text}};
    in.imbue(std::locale::classic());
    in >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
    if (in.fail() || text.size() != date_size) {
        return std::nullopt;
    }
    const auto wait = seconds{::timegm(&date)} - ceil<milliseconds>(now.time_since_epoch());
    return std::max(wait, milliseconds{0});
}

} // namespace crier::detail
