#pragma once

#include "reader.hpp"

#include <cstddef>
#include <list>
#include <vector>

namespace crier::model {

/// Clients as crier has them: they come back by themselves, at whatever hub is there.
class library_clients {
public:
    explicit library_clients(town& in) : town_{in} {}

    void add(std::size_t home, std::vector<std::uint32_t> topics) {
        readers_.emplace_back(town_, home, std::move(topics));
    }
    /// Until all have come to the end.
    void run();
    std::list<reader>& readers() noexcept { return readers_; }

private:
    town& town_;
    std::list<reader> readers_;
};

} // namespace crier::model
