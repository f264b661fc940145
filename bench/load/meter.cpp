#include "load/meter.hpp"

namespace bench::load {

void meter::begin(std::uint64_t time) {
    counts_ = {};
    latency_.clear();
    spread_.clear();
    fanout_.begin(time);
}

void meter::event(std::uint32_t topic, order& stream, std::uint64_t number, std::uint64_t sent,
    std::uint64_t received) noexcept {
    const order::judgement judged = stream.take(number);
    counts_.lost += judged.missing;
    if (judged.is == order::verdict::duplicate) {
        ++counts_.duplicates;
        return;
    }
    if (judged.is == order::verdict::late) {
        ++counts_.reordered;
    }
    ++counts_.deliveries;
    latency_.add(received > sent ? received - sent : 0);
    const fanout::sighting seen = fanout_.take(topic, number, received);
    counts_.publishes += seen.first ? 1 : 0;
    if (seen.spread) {
        spread_.add(*seen.spread);
    }
}

} // namespace bench::load
