#include "http2_deadlines.hpp"

#include <algorithm>

namespace crier::detail {

clock::time_point http2_deadlines::next(bool has_streams) const noexcept {
    return std::min(stalled_at(), has_streams ? silent_until() : idle_until());
}

http2_deadlines::due http2_deadlines::at(clock::time_point now, bool has_streams) const noexcept {
    if (now < next(has_streams)) {
        return due::nothing;
    }
    const bool is_ping = has_streams && !is_pinged_ && now < stalled_at();
    return is_ping ? due::ping : due::end;
}

} // namespace crier::detail
