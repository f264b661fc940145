#pragma once

#include <string_view>

namespace crier::detail {

/// Whether a target begins with a scheme and a host, as proxies are sent it.
/// Source: RFC 9112, section 3.2.2.
bool is_absolute(std::string_view target) noexcept;

/// Host and port of an absolute target; empty where it names none.
std::string_view authority_of(std::string_view absolute) noexcept;

/// The parts of a target, as they were sent.
struct target_parts {
    std::string_view path;  ///< without scheme and host
    std::string_view query; ///< without the question mark
};
target_parts split_target(std::string_view target) noexcept;

} // namespace crier::detail
