#include "client.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

namespace crier::model {

client::client(
    town& in, std::uint32_t seed, std::vector<protocol> ways, std::vector<reader> readers)
    : town_{in}, random_{seed}, ways_{std::move(ways)}, readers_{std::move(readers)} {}

void client::run() {
    connect_once();
    while (!std::ranges::all_of(readers_, &reader::is_at_end)) {
        std::this_thread::sleep_for(std::chrono::microseconds{random_(3000)});
        connect_once();
    }
}

void client::connect_once() {
    const protocol way = ways_[random_(static_cast<std::uint32_t>(ways_.size()))];
    const std::uint16_t port = is_encrypted(way) ? town_.tls_port : town_.port;
    const std::unique_ptr<wire> to = port == 0 ? nullptr : connect_to(port, way);
    if (to) {
        ++town_.connections[static_cast<std::size_t>(way)];
        read(*to);
        if (random_(2) == 0) {
            to->end_by_reset();
        }
    } else if (town_.is_closing) {
        for (reader& each : readers_) {
            each.is_at_end = true;
        }
    }
}

std::size_t client::enough() {
    const std::uint32_t most = 1U << (6 + random_(12));
    return most / 2 + random_(most);
}

void client::stall_at_times() {
    if (!town_.is_over && random_(64) == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds{random_(60)});
    }
}

std::size_t client::some_of(std::size_t most) {
    return town_.is_over ? most : 1 + random_(static_cast<std::uint32_t>(most));
}

} // namespace crier::model
