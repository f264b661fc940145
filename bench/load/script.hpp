#pragma once

#include "load/meter.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench::load {

/// A stream with known contents, and what has to be counted of it.
struct script {
    const char* name;
    std::string bytes;
    meter::counts expected;
    std::string last_id;
    /// Whether it has an end.
    bool ends = true;
    bool byte_by_byte = false;
    /// Whether the server keeps the connection after the end.
    bool kept = false;
};

constexpr std::string_view chunked_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view unchunked_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// An event sent now, with the id `k.<number>`.
std::string event_text(std::uint64_t number, std::size_t padding = 90);

std::string chunk(std::string_view text);

std::vector<script> all_scripts();

} // namespace bench::load
