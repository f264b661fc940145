#pragma once

#include <cstdint>
#include <string>

namespace crier::model {

constexpr std::uint32_t topics_published = 8;
constexpr std::uint32_t whole_history = 1'000'000'000;

/// What the command line asks for.
struct settings {
    std::string hub;                ///< the program
    std::string journal = "memory"; ///< or sqlite, or nats
    std::string engine;             ///< nats-server
    std::string folder;             ///< of journals and logs; empty: one that goes
    std::string broken;             ///< what is broken on purpose
    std::uint32_t seed = 0;
    std::uint32_t seconds = 10;
    std::uint32_t events = 0; ///< 0: until the time is over
    std::uint32_t history = whole_history;
    std::uint32_t rate = 2'000;
    std::uint32_t hubs = 0;
    std::uint32_t publishers = 8;
    std::uint32_t clients = 50;
    std::uint32_t calm = 400; ///< milliseconds between disturbances of a hub, at most

    /// Clients go from hub to hub, and publishers too.
    bool is_shared() const { return journal == "nats"; }
    /// Whoever comes back gets all that he has missed.
    bool keeps_all() const { return history == whole_history; }
    bool outlasts_restarts() const { return journal != "memory"; }
};

/// Throws `std::invalid_argument`, whose text says what there is.
settings settings_from(int argc, char** argv);

} // namespace crier::model
