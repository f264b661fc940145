#pragma once

#include <crier/pubsub/manager.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <string>

namespace bench::journals {

/// Where events are kept, and how many of each topic.
struct keeping {
    std::string journal = "memory";
    std::size_t history = 1000;

    void add_to(CLI::App& app);

    /// With that journal opened. Errors: throws `std::exception` where it cannot be.
    crier::manager_options options() const;
};

} // namespace bench::journals
