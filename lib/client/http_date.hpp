#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace crier::detail {

/// A date as HTTP fields have it, such as "Sun, 06 Nov 1994 08:49:37 GMT". Source: RFC 9110,
/// section 5.6.7; the older forms there are none.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

} // namespace crier::detail
