#pragma once

#include <crier/pubsub/manager.hpp>

#include "common/options.hpp"

#include <string>
#include <vector>

namespace bench {

/// So many names of topics, as clients ask for them: /t/FIRST, /t/FIRST+STEP and so on.
std::vector<std::string> topic_names(unsigned count, unsigned first = 0, unsigned step = 1);

/// Serves all streams until a signal ends it, and publishes to these topics, from a thread of its
/// own or in the server's loop.
void serve(const options& options, crier::manager_options as, std::vector<std::string> topics,
    bool in_its_loop);

} // namespace bench
