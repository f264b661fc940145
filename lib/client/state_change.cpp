#include <crier/client/state_change.hpp>

namespace crier {

std::string_view to_string(ready_state state) noexcept {
    switch (state) {
    case ready_state::connecting: return "connecting";
    case ready_state::open: return "open";
    case ready_state::closed: return "closed";
    }
    return "unknown";
}

std::string_view to_string(change_kind kind) noexcept {
    switch (kind) {
    case change_kind::opened: return "opened";
    case change_kind::retrying: return "retrying";
    case change_kind::id_not_sent: return "id_not_sent";
    case change_kind::closed_by_program: return "closed_by_program";
    case change_kind::refused: return "refused";
    case change_kind::not_retried: return "not_retried";
    case change_kind::failed: return "failed";
    }
    return "unknown";
}

} // namespace crier
