#pragma once

#include <crier/wire/parser.hpp>

#include "connection.hpp"
#include "reader.hpp"

namespace crier::model {

/// A client that stalls, leaves at any byte, and comes back with its last event id.
class raw_client {
public:
    raw_client(town& in, std::size_t home, std::vector<std::uint32_t> topics, std::uint32_t seed);

    /// It reads slowly and rests for long.
    void be_sluggish() noexcept { is_sluggish_ = true; }
    /// Its first stream too resumes after an event.
    void begin_after(event_id at);

    void run();
    void cut() noexcept { to_.cut(); }
    sightings take_all() { return reader_.take_all(); }

private:
    void read_stream();
    bool read_some(std::size_t most, std::string& bytes);

    town& town_;
    dice random_;
    bool is_sluggish_ = false;
    connection to_;
    reader reader_;
    parser events_;
};

} // namespace crier::model
