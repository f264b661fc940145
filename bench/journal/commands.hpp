#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace bench::journals {

/// One of the things that the program does: how it is asked for, and what it does then.
struct command {
    CLI::App* words;
    std::function<void()> run;
};

/// A server as `contender` is one, with a journal.
command serve_command(CLI::App& app);
/// Fills a journal with events.
command fill_command(CLI::App& app);
/// How long `publish` takes with a journal, and without one.
command publish_command(CLI::App& app);
/// How many events per second a journal acknowledges, and after what time.
command acknowledge_command(CLI::App& app);
/// How long a folder's disk takes to have what was written.
command sync_command(CLI::App& app);
/// What libnats acknowledges by itself.
command libnats_command(CLI::App& app);

} // namespace bench::journals
