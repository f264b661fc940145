#include "entry.hpp"

namespace crier::detail {

void entry::encode_gap() { content = make_frame(to_event(*missing)).value(); }

entry_ptr gap_entry(gap missing) {
    const entry_ptr made{new entry{frame{}, missing.to}};
    made->missing = std::make_unique<gap>(std::move(missing));
    return made;
}

} // namespace crier::detail
