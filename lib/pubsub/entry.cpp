#include "entry.hpp"

namespace crier::detail {

const frame& entry::encoded() {
    if (content.empty() && missing) {
        content = make_frame(to_event(*missing)).value();
    }
    return content;
}

entry_ptr gap_entry(gap missing) {
    const entry_ptr made{new entry{frame{}, missing.to}};
    made->missing = std::make_unique<gap>(std::move(missing));
    return made;
}

} // namespace crier::detail
