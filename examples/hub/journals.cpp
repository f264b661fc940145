#include "journals.hpp"

#if HAVE_SQLITE_JOURNAL
#include <crier/journal/sqlite_journal.hpp>
#endif

#include <CLI/CLI.hpp>

#include <exception>

namespace hub {
namespace {

/// What the command line asks for makes no sense; its status is 2.
CLI::ValidationError wrong(const std::string& what) { return {what, 2}; }

} // namespace

std::shared_ptr<crier::journal> journal_of(const std::string& wanted) {
    if (wanted == "memory") {
        return nullptr;
    }
#if HAVE_SQLITE_JOURNAL
    if (wanted.starts_with("sqlite:")) {
        try {
            return std::make_shared<crier::sqlite_journal>(
                crier::sqlite_journal_options{.path = wanted.substr(7)});
        } catch (const std::exception& error) {
            throw wrong(error.what());
        }
    }
#endif
    throw wrong("--journal: '" + wanted + "' is no journal that this program has");
}

} // namespace hub
