#include "journal_health.hpp"

namespace crier::detail {
namespace {

std::string_view words_for(journal_state now) noexcept {
    switch (now) {
    case journal_state::unavailable:
        return "the journal does not answer; what is published waits for it";
    case journal_state::catching_up: return "the journal answers again; what was missed is read";
    case journal_state::connected: break;
    }
    return "the journal is there again";
}

} // namespace

void journal_health::note(journal_state now) noexcept {
    {
        const std::lock_guard lock{guard_};
        if (std::exchange(state_, now) == now) {
            return;
        }
        if (now == journal_state::unavailable) {
            away_since_ = std::chrono::system_clock::now();
        } else {
            away_since_.reset();
        }
    }
    (*log_)(severity::warning, words_for(now));
}

void journal_health::note_answer() noexcept {
    std::unique_lock lock{guard_};
    const bool was_away = state_ == journal_state::unavailable;
    lock.unlock();
    if (was_away) {
        note(journal_state::connected);
    }
}

} // namespace crier::detail
