#include "nats_merge.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {

boost::system::error_code nats_merge::fetch() {
    for (auto at = sources_.begin(); at != sources_.end();) {
        if (!at->first) {
            auto found = at->from();
            if (!found) {
                return found.error();
            }
            at->first = *std::move(found);
        }
        at = at->first ? at + 1 : sources_.erase(at);
    }
    return {};
}

boost::system::result<std::optional<nats_kept_message>> nats_merge::next() {
    if (const auto error = fetch()) {
        return error;
    }
    const auto least = std::ranges::min_element(
        sources_, {}, [](const merged& each) { return each.first->kept.sequence; });
    if (least == sources_.end()) {
        return std::nullopt;
    }
    return std::exchange(least->first, std::nullopt);
}

} // namespace crier::detail
