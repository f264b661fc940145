#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// The values of a name in a query, decoded as a form's: "%41" and "+" stand for "A" and a blank.
/// What is no escape stands for itself.
/// Source: WHATWG URL, section 5.1.
std::vector<std::string> query_values(std::string_view query, std::string_view name);

/// The query as it was sent but without the name, after a question mark; nothing where nothing is
/// left.
std::string query_without(std::string_view query, std::string_view name);

} // namespace crier::detail
