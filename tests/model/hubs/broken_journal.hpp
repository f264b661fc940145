#pragma once

#include <crier/pubsub/journal.hpp>

#include <memory>
#include <string>

namespace crier::model {

/// What a journal does wrong on purpose, to see that it is found.
enum class journal_fault {
    early, ///< events are acknowledged before they are written
    twice, ///< after a crash some numbers are given again
};

/// The journal in that file, broken.
std::shared_ptr<journal> broken_journal(journal_fault how, const std::string& path);

} // namespace crier::model
