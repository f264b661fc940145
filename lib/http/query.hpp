#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// The values of a name in a target's query, decoded: "%41" and "+" stand for "A" and a blank. What
/// is no proper escape stands for itself.
std::vector<std::string> query_values(std::string_view target, std::string_view name);

/// The target without the name in its query.
std::string without_query_value(std::string_view target, std::string_view name);

} // namespace crier::detail
