#include "journal/opening.hpp"

#if HAVE_SQLITE_JOURNAL
#include <crier/journal/sqlite_journal.hpp>
#endif
#if HAVE_NATS_JOURNAL
#include <crier/journal/nats_journal.hpp>
#endif

#include <chrono>
#include <memory>
#include <stdexcept>

namespace bench::journals {
namespace {

std::shared_ptr<crier::journal> open([[maybe_unused]] const keeping& asked) {
    const std::string& where = asked.journal;
    if (where == "memory") {
        return nullptr;
    }
#if HAVE_SQLITE_JOURNAL
    if (constexpr std::string_view scheme = "sqlite:"; where.starts_with(scheme)) {
        return std::make_shared<crier::sqlite_journal>(
            crier::sqlite_journal_options{.path = where.substr(scheme.size())});
    }
#endif
#if HAVE_NATS_JOURNAL
    if (const std::size_t slash = where.rfind('/'); where.starts_with("nats://")) {
        return std::make_shared<crier::nats_journal>(
            crier::nats_journal_options{.url = where.substr(0, slash),
                .stream = where.substr(slash + 1),
                .events = asked.history});
    }
#endif
    throw std::invalid_argument{"'" + where + "' is no journal that this program has"};
}

} // namespace

void keeping::add_to(CLI::App& app) {
    app.add_option("--journal", journal,
           "memory, sqlite:PATH, or the stream nats://HOST:PORT[,HOST:PORT...]/STREAM")
        ->capture_default_str();
    app.add_option("--history", history, "events that each topic keeps")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
        ->capture_default_str();
}

crier::manager_options keeping::options() const {
    crier::manager_options made;
    made.rules.push_back({.matches = crier::starting_with(""),
        .history = {.events = history, .age = std::chrono::milliseconds::max()}});
    made.journal = open(*this);
    made.log = [](crier::severity, std::string_view) {};
    return made;
}

} // namespace bench::journals
