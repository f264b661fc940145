#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace crier::detail {

/// A value as every JSON parser reads it: numbers that are not finite become `null`, as in
/// `JSON.stringify`.
std::string json_text(const boost::json::value& value);

} // namespace crier::detail
