#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace bench::load {

/// Follows the newest events of each topic until all its streams have got them.
class fanout {
public:
    struct sighting {
        bool first = false;
        /// From the first stream to the last one, in nanoseconds; told when the last one has it.
        std::optional<std::uint64_t> spread;
    };

    fanout(std::uint32_t streams, std::uint32_t topics);

    /// Events that somebody had before are not measured.
    void begin(std::uint64_t time) noexcept { begin_ = time; }

    sighting take(std::uint32_t topic, std::uint64_t number, std::uint64_t time) noexcept;

private:
    struct followed {
        std::uint64_t number = 0;
        std::uint64_t first = 0;
        std::uint32_t count = 0;
    };

    std::uint32_t streams_of(std::uint32_t topic) const noexcept;

    std::uint32_t streams_;
    std::uint32_t topics_;
    std::uint64_t begin_ = 0;
    /// A power of two for each topic.
    std::uint64_t slots_;
    std::vector<followed> events_;
};

} // namespace bench::load
