// The journals of a hub that is broken on purpose: in place of those of examples/hub.

#include "broken_journal.hpp"
#include "hub/journals.hpp"

#include <CLI/CLI.hpp>

namespace hub {

std::shared_ptr<crier::journal> journal_of(
    const std::string& wanted, const crier::topic_rule& /*kept*/) {
    using crier::model::journal_fault;
    constexpr std::size_t prefix = 6;
    if (wanted.starts_with("early:")) {
        return broken_journal(journal_fault::early, wanted.substr(prefix));
    }
    if (wanted.starts_with("twice:")) {
        return broken_journal(journal_fault::twice, wanted.substr(prefix));
    }
    throw CLI::ValidationError{"--journal: early:PATH or twice:PATH", 2};
}

} // namespace hub
