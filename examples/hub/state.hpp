#pragma once

#include <crier/pubsub/manager.hpp>

#include <boost/json/value.hpp>

namespace hub {

/// Whether the journal answers.
bool is_healthy(const crier::manager& events);

boost::json::value health_of(const crier::manager& events);
boost::json::value stats_of(const crier::manager& events);

} // namespace hub
