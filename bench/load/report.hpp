#pragma once

#include "load/options.hpp"
#include "load/scenario.hpp"

#include <string>

namespace bench::load {

/// A result as JSON, in one line.
std::string report(const options& chosen, const result& of);

} // namespace bench::load
