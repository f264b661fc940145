#pragma once

#include <string_view>

namespace crier::detail {

/// In place of origins: every one.
inline constexpr std::string_view any_origin = "*";

/// Errors: throws `std::invalid_argument` on a text that no browser sends as the origin of a page,
/// or that pages of anybody's have in common.
/// Source: HTML, section 7.1.1, "serialization of an origin".
void check_origin(std::string_view text);

} // namespace crier::detail
