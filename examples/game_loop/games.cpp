#include "games.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace game {

games::games(const games_options& options, crier::manager& to) {
    const room_rules rules{std::chrono::seconds{options.game}, std::chrono::seconds{options.pause}};
    const world::tick part = rules.game / static_cast<std::int64_t>(options.rooms);
    std::vector<std::vector<room>> shares{std::min(options.threads, options.rooms)};
    for (std::size_t i = 0; i < options.rooms; ++i) {
        const std::size_t thread = i % shares.size();
        shares[thread].emplace_back(i + 1, thread, rules, part * static_cast<std::int64_t>(i));
    }
    for (std::vector<room>& share : shares) {
        loops_.emplace_back(loops_.size(), std::move(share), to);
    }
}

} // namespace game
