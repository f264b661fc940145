#include "accept_header.hpp"

#include <crier/http/gate.hpp>

#include "wire/field_text.hpp"

#include <algorithm>

namespace crier {
namespace detail {
namespace {

/// A media type: "text/plain", whose range is "text/*".
struct media_type {
    std::string_view name;
    std::string_view range;
};

constexpr media_type stream_type{"text/event-stream", "text/*"};
constexpr media_type text_type{"text/plain", "text/*"};
constexpr media_type json_type{"application/json", "application/*"};
constexpr media_type problem_type{"application/problem+json", "application/*"};

/// How closely a media range names the type, from 1; 0: not at all.
int closeness(std::string_view range, const media_type& type) noexcept {
    return same(range, type.name) ? 3 : same(range, type.range) ? 2 : range == "*/*" ? 1 : 0;
}

/// In thousandths; what is malformed counts as left out.
int quality_in(std::string_view parameters) noexcept {
    constexpr int most = 1000;
    while (!parameters.empty()) {
        const std::string_view parameter = trimmed(take_until(parameters, ";"));
        if (!same(parameter.substr(0, 2), "q=")) {
            continue;
        }
        const std::string_view digits = parameter.substr(2);
        if (!digits.starts_with('0')) {
            return most;
        }
        int quality = 0;
        int unit = most / 10;
        for (const char digit : digits.substr(std::min<std::size_t>(2, digits.size()))) {
            quality += digit >= '0' && digit <= '9' ? (digit - '0') * unit : 0;
            unit /= 10;
        }
        return quality;
    }
    return most;
}

/// How much a type is wanted, in thousandths: as the closest range says.
int quality_of(const media_type& type, std::string_view accept) noexcept {
    int closest = 0;
    int quality = 0;
    while (!accept.empty()) {
        std::string_view element = take_until(accept, ",");
        const int close = closeness(trimmed(take_until(element, ";")), type);
        if (close > closest) {
            closest = close;
            quality = quality_in(element);
        }
    }
    return quality;
}

} // namespace

bool prefers_json(std::string_view accept) {
    return std::max(quality_of(json_type, accept), quality_of(problem_type, accept)) >
           quality_of(text_type, accept);
}

} // namespace detail

bool accepts_event_stream(std::string_view accept) {
    return detail::quality_of(detail::stream_type, accept) > 0;
}

} // namespace crier
