#include <crier/pubsub/stats.hpp>

namespace crier {

std::string_view to_string(end_reason reason) noexcept {
    switch (reason) {
    case end_reason::client_left: return "client_left";
    case end_reason::stalled: return "stalled";
    case end_reason::shutdown: return "shutdown";
    case end_reason::finished: return "finished";
    case end_reason::write_error: return "write_error";
    case end_reason::cancelled: return "cancelled";
    case end_reason::refused: return "refused";
    case end_reason::overflow: return "overflow";
    case end_reason::preflight: return "preflight";
    }
    return "unknown";
}

std::string_view to_string(drop_reason reason) noexcept {
    constexpr std::array<std::string_view, drop_reasons> names{
        "newest", "oldest", "conflated", "signalled", "disconnected", "memory"};
    return names[static_cast<std::size_t>(reason)];
}

} // namespace crier
