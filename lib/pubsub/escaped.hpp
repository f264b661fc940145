#pragma once

#include <boost/json/serialize.hpp>

#include <string>
#include <string_view>

namespace crier::detail {

/// A name from outside as it may stand in a line of a log.
inline std::string escaped(std::string_view name) {
    return boost::json::serialize(boost::json::string_view{name.data(), name.size()});
}

} // namespace crier::detail
