#pragma once

#include <string>
#include <string_view>

namespace crier::detail {

/// What older events of a topic are superseded by: another of the same key, or without one of the
/// same type.
inline std::string supersede_key(std::string_view key, std::string_view type) {
    std::string result;
    if (!key.empty() || !type.empty()) {
        result.append(key.empty() ? "t" : "k").append(key.empty() ? type : key);
    }
    return result;
}

} // namespace crier::detail
