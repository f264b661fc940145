#pragma once

#include <crier/pubsub/journal.hpp>

#include <memory>
#include <string>

namespace hub {

/// Opens the journal that `--journal` names; null: events are kept in memory. Throws
/// `CLI::ValidationError` with the status 2 if there is none of that name, or it cannot be used.
std::shared_ptr<crier::journal> journal_of(const std::string& wanted);

} // namespace hub
