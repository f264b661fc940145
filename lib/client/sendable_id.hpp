#pragma once

#include "wire/field_text.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace crier::detail {

/// Why an id cannot be sent as `Last-Event-ID`, in words; empty where it can. Bytes beyond ASCII go
/// as they are. Source: RFC 9110, section 5.5; WHATWG HTML 9.2.4.
inline std::string why_unsendable(std::string_view id, std::size_t limit) {
    if (id.size() > limit) {
        return "the last event id, of " + std::to_string(id.size()) +
               " bytes, is not sent: it is over the limit of " + std::to_string(limit);
    }
    if (!std::ranges::all_of(id, is_value_character)) {
        return "the last event id is not sent: it holds a control character";
    }
    return {};
}

} // namespace crier::detail
