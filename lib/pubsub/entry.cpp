#include "entry.hpp"

namespace crier::detail {

void entry::tell_gap() { content = *make_frame(to_event(*lost)); }

entry_ptr gap_entry(gap lost) {
    const entry_ptr made{new entry{frame{}, lost.to}};
    made->lost = std::make_unique<gap>(std::move(lost));
    return made;
}

} // namespace crier::detail
