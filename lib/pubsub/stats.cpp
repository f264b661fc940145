#include <crier/pubsub/stats.hpp>

namespace crier {

std::string_view to_string(drop_reason reason) noexcept {
    constexpr std::array<std::string_view, drop_reasons> names{
        "newest", "oldest", "conflated", "signalled", "disconnected", "memory"};
    return names[static_cast<std::size_t>(reason)];
}

} // namespace crier
