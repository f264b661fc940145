#include <crier/http/gate.hpp>

#include "wire/field_text.hpp"

namespace crier {
namespace {

using detail::same;
using detail::take_until;
using detail::trimmed;

/// How closely a media range names the type, from 1; 0: not at all.
int closeness(std::string_view range) noexcept {
    return same(range, "text/event-stream") ? 3
         : same(range, "text/*")            ? 2
         : range == "*/*"                   ? 1
                                            : 0;
}

bool has_zero_quality(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        const std::string_view parameter = trimmed(take_until(parameters, ";"));
        if (same(parameter.substr(0, 2), "q=")) {
            return parameter.substr(2).find_first_not_of("0.") == parameter.npos;
        }
    }
    return false;
}

} // namespace

bool accepts_event_stream(std::string_view accept) {
    int closest = 0;
    bool allowed = false;
    while (!accept.empty()) {
        std::string_view element = take_until(accept, ",");
        const std::string_view range = trimmed(take_until(element, ";"));
        const int close = closeness(range);
        if (close > closest) {
            closest = close;
            allowed = !has_zero_quality(element);
        }
    }
    return allowed;
}

} // namespace crier
