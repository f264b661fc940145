#pragma once

#include <crier/client/state_change.hpp>

#include "wire/field_text.hpp"
#include "wire/printable.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

// The fields of a response, of which each may come several times.

/// The values of a name's fields, in order, as views of the response.
inline std::vector<std::string_view> values_of(const response_info& in, std::string_view name) {
    std::vector<std::string_view> values;
    for (const header_field& field : in.headers) {
        if (same(field.name, name)) {
            values.emplace_back(field.value);
        }
    }
    return values;
}

/// Status and reason, as they are to be told: "404 Not Found".
inline std::string status_of(const response_info& of) {
    std::string text = std::to_string(of.status);
    if (!of.reason.empty()) {
        text += ' ' + printable(of.reason);
    }
    return text;
}

/// The list that a name's fields make. Source: RFC 9110, section 5.3.
inline std::string list_of(const response_info& in, std::string_view name) {
    std::string list;
    for (const std::string_view value : values_of(in, name)) {
        list.append(list.empty() ? "" : ", ").append(value);
    }
    return list;
}

/// The value that all fields of a name have; none where there is none, or more than one.
inline std::optional<std::string_view> only_value_of(
    const response_info& in, std::string_view name) {
    std::optional<std::string_view> only;
    for (const std::string_view value : values_of(in, name)) {
        if (only && *only != value) {
            return std::nullopt;
        }
        only = value;
    }
    return only;
}

} // namespace crier::detail
