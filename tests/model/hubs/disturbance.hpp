#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace crier::model {

enum class disturbance : std::uint8_t {
    kill,
    terminate,
    stop,
    kill_stopped,
    cut,
    kill_engine,
    stop_engine,
    part, ///< from the engine
    cut_engine,
};

/// How often which was done.
class disturbances {
public:
    void note(disturbance what) noexcept { ++done_[static_cast<std::size_t>(what)]; }
    void add(const disturbances& other) noexcept {
        for (std::size_t i = 0; i < done_.size(); ++i) {
            done_[i] += other.done_[i];
        }
    }

    std::uint64_t total() const noexcept {
        std::uint64_t sum = 0;
        for (const std::uint64_t each : done_) {
            sum += each;
        }
        return sum;
    }
    std::string text() const {
        std::string all;
        for (std::size_t i = 0; i < done_.size(); ++i) {
            if (done_[i] > 0) {
                all += (all.empty() ? "" : ", ") + std::to_string(done_[i]) + ' ' + names[i];
            }
        }
        return all;
    }

private:
    static constexpr std::array<const char*, 9> names{"killed", "terminated", "stopped",
        "killed while stopped", "cut off", "engine killed", "engine stopped",
        "parted from the engine", "cut off from the engine"};
    std::array<std::uint64_t, names.size()> done_{};
};

} // namespace crier::model
