#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace crier::detail {

/// Up to which sequence number topics that are not kept had events, by the hash of their names: a
/// topic may be thought to have had some that were another's, never the other way round.
class forgotten {
public:
    void note(std::string_view topic, std::uint64_t sequence) noexcept {
        std::uint64_t& known = through_[place(topic)];
        known = std::max(known, sequence);
    }

    std::uint64_t through(std::string_view topic) const noexcept { return through_[place(topic)]; }

private:
    static constexpr std::size_t places = 256;

    static std::size_t place(std::string_view topic) noexcept {
        return std::hash<std::string_view>{}(topic) % places;
    }

    std::array<std::uint64_t, places> through_{};
};

} // namespace crier::detail
