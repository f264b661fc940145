#include "stream_counters.hpp"

#include <crier/http/serve.hpp>

#include <algorithm>

namespace crier {

stream_counts detail::stream_counters::counts() const {
    stream_counts result;
    result.open = open_;
    std::ranges::copy(ended_, result.ended.begin());
    return result;
}

stream_counts streams_of(const manager& events) {
    return detail::streams_of(*detail::manager_access::state_of(events)).counts();
}

} // namespace crier
