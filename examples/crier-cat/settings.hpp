#pragma once

#include <crier/client/options.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace cat {

/// As shells report it, a signal ends it with 128 and its number: 130 by Ctrl-C.
enum exit_status {
    done = 0,      ///< the count is reached, the stream has ended, or nobody reads the output
    ended = 1,     ///< all streams have ended for good, or the output cannot be written
    bad_usage = 2, ///< the command line is wrong
    timed_out = 3,
};

enum class format { human, json, raw };

/// The settings of the command line.
struct settings {
    std::vector<std::string> urls;
    crier::event_source_options source;
    format as = format::human;
    bool color_output = false;
    bool color_notices = false;
    std::string only;                     ///< show events of this type; empty: all
    std::uint64_t count = 0;              ///< events; zero: no limit
    std::chrono::milliseconds timeout{0}; ///< zero: none
    bool follow_gaps = false;
    bool comments = false;
    bool quiet = false;
};

} // namespace cat
