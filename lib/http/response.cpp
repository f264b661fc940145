#include "response.hpp"

#include "date.hpp"
#include "wire/field_text.hpp"
#include "wire/json_text.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace crier::detail {
namespace {

void put_field(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).append(": ").append(value).append("\r\n");
}

/// With the time, which caches go by. Source: RFC 9110, section 6.6.1.
std::string header_of(std::string_view status) {
    std::string header = "HTTP/1.1 ";
    header.append(status).append("\r\n");
    put_field(header, "Date", http_date(std::chrono::system_clock::now()));
    return header;
}

void put_fields(std::string& to, const response_fields& fields) {
    for (const auto& [name, value] : fields) {
        put_field(to, name, value);
    }
}

bool has(const response_fields& fields, std::string_view name) {
    return std::ranges::any_of(
        fields, [name](const response_field& each) { return same(each.name, name); });
}

std::string_view phrase_of(unsigned status) {
    const auto phrase =
        boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {phrase.data(), phrase.size()};
}

std::string hexadecimal(std::size_t number) {
    std::array<char, 2 * sizeof number> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return {digits.data(), end};
}

/// It stands alone: some clients take a blank line after it for the end of an event without data.
std::string retry_line(coding as, std::chrono::milliseconds retry) {
    const std::string line = "retry: " + std::to_string(retry.count()) + "\n";
    return as == coding::chunked ? hexadecimal(line.size()) + "\r\n" + line + "\r\n" : line;
}

} // namespace

void check_fields(const response_fields& fields) {
    constexpr std::string_view own[]{"Connection", "Content-Encoding", "Content-Length",
        "Content-Type", "Date", "Trailer", "Transfer-Encoding", "Upgrade"};
    for (const response_field& field : fields) {
        const std::string name{field.name};
        if (!is_token(name) || !std::ranges::all_of(field.value, is_value_character)) {
            throw std::invalid_argument{
                "fields: '" + name + "' or its value cannot stand in a header"};
        }
        const auto is_it = [&field](std::string_view each) { return same(each, field.name); };
        if (std::ranges::any_of(own, is_it)) {
            throw std::invalid_argument{"fields: '" + name + "' is not the caller's to set"};
        }
    }
}

std::string stream_header(coding as, const response_fields& more) {
    // The first two tell caches and proxies, old and new, to pass on each event as it comes.
    // Source: RFC 9111, section 5.2.2.6; draft-ietf-httpbis-incremental.
    constexpr std::pair<std::string_view, std::string_view> usual[]{
        {"Cache-Control", "no-cache, no-transform"}, {"Incremental", "?1"},
        {"X-Accel-Buffering", "no"}, {"X-Content-Type-Options", "nosniff"}};
    std::string header = header_of("200 OK");
    put_field(header, "Content-Type", "text/event-stream");
    for (const auto& [name, value] : usual) {
        if (!has(more, name)) {
            put_field(header, name, value);
        }
    }
    put_fields(header, more);
    header += as == coding::chunked ? "Transfer-Encoding: chunked\r\n" : "";
    return header += "Connection: close\r\n\r\n";
}

std::string stream_opening(
    coding as, const response_fields& more, std::optional<std::chrono::milliseconds> retry) {
    std::string opening = stream_header(as, more);
    if (retry) {
        opening += retry_line(as, *retry);
    }
    return opening;
}

std::string no_content_response(const response_fields& fields) {
    std::string response = header_of("204 No Content");
    put_fields(response, fields);
    return response += "Connection: close\r\n\r\n";
}

reason_body body_of(const refusal& refused, bool as_json) {
    if (!as_json) {
        return {"text/plain; charset=utf-8", std::string{refused.reason} + "\n"};
    }
    const boost::json::value problem{{"title", phrase_of(refused.status)},
        {"status", refused.status}, {"detail", refused.reason}};
    return {"application/problem+json", json_text(problem) + "\n"};
}

std::string refusal_response(
    const refusal& refused, reply_style style, const response_fields& more) {
    const auto [type, text] = body_of(refused, style.as_json);
    std::string response =
        header_of(std::to_string(refused.status).append(" ").append(phrase_of(refused.status)));
    put_field(response, "Content-Type", type);
    put_field(response, "X-Content-Type-Options", "nosniff");
    if (refused.status == 405) {
        put_field(response, "Allow", "GET, HEAD");
    }
    put_fields(response, more);
    put_field(response, "Content-Length", std::to_string(text.size()));
    response += "Connection: close\r\n\r\n";
    return style.head_only ? response : response + text;
}

} // namespace crier::detail
