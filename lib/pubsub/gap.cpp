#include <crier/pubsub/gap.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace crier {

namespace json = boost::json;

std::string_view to_string(gap_reason reason) noexcept {
    constexpr std::array<std::string_view, gap_reasons> names{
        "evicted", "epoch", "future", "invalid", "overflow"};
    return names[static_cast<std::size_t>(reason)];
}

event to_event(const gap& lost) {
    const std::string to = to_string(lost.to);
    const std::string_view reason = to_string(lost.reason);
    json::object data{{"reason", json::string_view{reason.data(), reason.size()}},
        {"from", lost.from}, {"to", to}};
    if (lost.count) {
        data["count"] = *lost.count;
    }
    event made;
    made.type.append("crier.gap");
    made.data = json::serialize(data);
    made.id = to;
    return made;
}

} // namespace crier
