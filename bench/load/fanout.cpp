#include "load/fanout.hpp"

#include <algorithm>
#include <bit>

namespace bench::load {
namespace {

std::uint64_t slots_for(std::uint32_t topics) {
    constexpr std::uint32_t in_all = 1U << 16;
    constexpr std::uint32_t at_least = 16;
    return std::max(at_least, std::bit_floor(in_all / topics));
}

} // namespace

fanout::fanout(std::uint32_t streams, std::uint32_t topics)
    : streams_{streams}, topics_{topics}, slots_{slots_for(topics)}, events_(slots_ * topics) {}

fanout::sighting fanout::take(
    std::uint32_t topic, std::uint64_t number, std::uint64_t time) noexcept {
    followed& event = events_[topic * slots_ + (number & (slots_ - 1))];
    sighting seen;
    if (event.count == 0 || number > event.number) {
        event = {.number = number, .first = time};
        seen.first = true;
    } else if (number < event.number) {
        return seen;
    }
    if (++event.count == streams_of(topic) && event.first >= begin_) {
        seen.spread = time - event.first;
    }
    return seen;
}

std::uint32_t fanout::streams_of(std::uint32_t topic) const noexcept {
    return streams_ / topics_ + (topic < streams_ % topics_ ? 1 : 0);
}

} // namespace bench::load
