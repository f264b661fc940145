#pragma once

#include <crier/pubsub/manager.hpp>

#include <boost/json/value.hpp>

namespace hub {

struct health {
    bool is_well = false; ///< the journal answers
    boost::json::value told;
};

health health_of(const crier::manager& events);
boost::json::value stats_of(const crier::manager& events);

} // namespace hub
