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
    case end_reason::preflight: return "preflight";
    }
    return "unknown";
}

} // namespace crier
