#pragma once

#include "load/meter.hpp"
#include "load/options.hpp"
#include "load/process.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench::load {

struct resident_at {
    std::uint32_t streams = 0;
    std::uint64_t bytes = 0;
};

struct result {
    explicit result(const options& chosen) : measured{chosen.streams, chosen.topics} {}

    meter measured;
    double seconds = 0;
    double connect_seconds = 0;
    double client_cpu_seconds = 0;
    /// None without a process of the server.
    std::optional<usage> server_at_start;
    std::optional<usage> server_before;
    std::optional<usage> server_after;
    std::vector<resident_at> resident;
    /// Since the start of connecting; none unless all streams got an event.
    std::optional<double> until_event_seconds;
    std::uint32_t opened = 0;
    std::uint32_t closed = 0;
    std::uint32_t with_event = 0;
    /// Connections that have resumed a session of TLS.
    std::uint32_t resumed = 0;
    std::string last_event_id;
    std::string closed_because;
};

/// Opens the streams and measures. Errors: throws `std::exception` where it is no measurement.
void measure(const options& chosen, result& into);

} // namespace bench::load
