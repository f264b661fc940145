#pragma once

#include <string_view>

namespace crier::detail {

/// The type that a list of `Content-Type` values says, without parameters, as a view of the list:
/// the last valid one but "*/*"; empty where there is none. Source: Fetch 2.2.2, extract a MIME
/// type; WHATWG MIME Sniffing 4.4.
std::string_view media_type_of(std::string_view list) noexcept;

} // namespace crier::detail
