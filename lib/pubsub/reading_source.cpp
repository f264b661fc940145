#include "reading_source.hpp"

#include "topic.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {

const record* reading_source::next() const noexcept {
    if (piece) {
        return piece->first_after(after);
    }
    return is_values && of->values ? of->values->first_after(after) : of->kept.first_after(after);
}

bool reading_source::is_older_in_journal() const noexcept {
    return of->settings.is_journaled && !of->is_state();
}

std::uint64_t reading_source::evicted_through() const noexcept {
    return is_older_in_journal() ? told : of->evicted_through();
}

bool reading_source::needs_journal() const noexcept {
    if (!of->is_followed) {
        return true;
    }
    if (!of->settings.is_journaled) {
        return false;
    }
    if (is_values || awaits_retained) {
        return !of->is_loaded;
    }
    return is_older_in_journal() && after < of->kept.evicted_through();
}

void reading_source::begin_followed() noexcept {
    if (std::exchange(awaits_follow, false)) {
        after = of->followed_after;
        told = evicted_through();
    }
}

void reading_source::begin_with_retained() noexcept {
    awaits_retained = of->settings.retain == retention::newest;
    if (of->is_loaded) {
        take_up_retained();
    }
}

void reading_source::take_up_retained() noexcept {
    const record* const newest = of->kept.newest();
    if (std::exchange(awaits_retained, false) && newest != nullptr) {
        after = std::min(after, newest->sequence - 1);
    }
}

} // namespace crier::detail
