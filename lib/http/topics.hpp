#pragma once

#include <crier/http/topics.hpp>

#include <string_view>

namespace crier::detail {

// As the public functions, from a target's parts.

boost::system::result<std::string> topic_of(std::string_view path, std::string_view query);
boost::system::result<std::vector<topic_options>> topics_of(std::string_view query);

/// The last event id that a query tells.
std::string last_event_id_in(std::string_view query);

} // namespace crier::detail
