#include <crier/pubsub/stats.hpp>

namespace crier {

std::string_view to_string(drop_reason reason) noexcept {
    switch (reason) {
    case drop_reason::newest: return "newest";
    case drop_reason::oldest: return "oldest";
    case drop_reason::conflated: return "conflated";
    case drop_reason::signalled: return "signalled";
    case drop_reason::disconnected: return "disconnected";
    case drop_reason::memory: return "memory";
    }
    return "unknown";
}

std::string_view to_string(journal_state state) noexcept {
    switch (state) {
    case journal_state::connected: return "connected";
    case journal_state::catching_up: return "catching up";
    case journal_state::unavailable: return "unavailable";
    }
    return "unknown";
}

} // namespace crier
