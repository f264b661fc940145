#pragma once

#include <crier/pubsub/journal.hpp>
#include <crier/pubsub/topic_policy.hpp>

#include <memory>
#include <string>

namespace hub {

/// Opens the journal that `--journal` names, for topics of which so much is kept; null: events are
/// kept in memory. Throws `CLI::ValidationError` with the status 2 if there is none of that name,
/// or it cannot be used.
std::shared_ptr<crier::journal> journal_of(
    const std::string& wanted, const crier::topic_rule& kept);

} // namespace hub
