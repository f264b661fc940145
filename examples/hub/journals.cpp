#include "journals.hpp"

#if HAVE_SQLITE_JOURNAL
#include <crier/journal/sqlite_journal.hpp>
#endif
#if HAVE_NATS_JOURNAL
#include <crier/journal/nats_journal.hpp>
#endif

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>

namespace hub {
namespace {

/// What the command line asks for makes no sense; its status is 2.
CLI::ValidationError wrong(const std::string& what) { return {what, 2}; }

/// Opens a journal; what is wrong with it is told in one line.
template <class Journal, class Options>
std::shared_ptr<crier::journal> open_journal(const Options& options) {
    try {
        return std::make_shared<Journal>(options);
    } catch (const std::exception& error) {
        throw wrong(error.what());
    }
}

#if HAVE_NATS_JOURNAL
crier::nats_journal_options nats_options(const std::string& wanted, const crier::topic_rule& kept) {
    const std::size_t name = wanted.rfind('/') + 1;
    if (name == wanted.find("//") + 2) {
        throw wrong("--journal: no stream is named behind the servers: nats://HOST:PORT/STREAM");
    }
    crier::nats_journal_options options;
    options.url = wanted.substr(0, name - 1);
    options.stream = wanted.substr(name);
    options.events = std::max<std::size_t>(kept.history.events, 1);
    if (kept.retain == crier::retention::none) {
        options.age = kept.history.age; // the stream would remove what is retained, too
    }
    return options;
}
#endif

} // namespace

std::shared_ptr<crier::journal> journal_of(
    const std::string& wanted, [[maybe_unused]] const crier::topic_rule& kept) {
    if (wanted == "memory") {
        return nullptr;
    }
#if HAVE_SQLITE_JOURNAL
    if (wanted.starts_with("sqlite:")) {
        return open_journal<crier::sqlite_journal>(
            crier::sqlite_journal_options{.path = wanted.substr(7)});
    }
#endif
#if HAVE_NATS_JOURNAL
    if (wanted.starts_with("nats://") || wanted.starts_with("tls://")) {
        return open_journal<crier::nats_journal>(nats_options(wanted, kept));
    }
#endif
    throw wrong("--journal: '" + wanted + "' is no journal that this program has");
}

} // namespace hub
