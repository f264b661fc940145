#include "load/report.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace bench::load {
namespace {

namespace json = boost::json;

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

double microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

json::value latency(const histogram& of) {
    if (of.count() == 0) {
        return nullptr;
    }
    return {{"p50", microseconds(of.percentile(0.5))}, {"p99", microseconds(of.percentile(0.99))},
        {"p999", microseconds(of.percentile(0.999))}, {"max", microseconds(of.max())},
        {"mean", of.mean() / 1e3}};
}

json::value spread(const histogram& of) {
    if (of.count() == 0) {
        return nullptr;
    }
    return {{"p50", microseconds(of.percentile(0.5))}, {"p99", microseconds(of.percentile(0.99))},
        {"max", microseconds(of.max())}};
}

void add_opening(json::object& to, const options& chosen, const result& of) {
    to["streams"] = chosen.streams;
    to["topics"] = chosen.topics;
    to["seconds"] = of.seconds;
    to["connect_seconds"] = of.connect_seconds;
    to["opened"] = of.opened;
    to["connects_per_second"] = ratio(of.opened, of.connect_seconds);
    to["until_event_seconds"] = or_null(of.until_event_seconds);
    to["streams_with_event"] = of.with_event;
    to["resumed"] = of.resumed;
}

void add_counts(json::object& to, const result& of) {
    const meter::counts& counted = of.measured.counted();
    const std::uint64_t lost = static_cast<std::uint64_t>(std::max<std::int64_t>(counted.lost, 0));
    to["deliveries"] = counted.deliveries;
    to["expected"] = counted.deliveries + lost;
    to["lost"] = lost;
    to["duplicates"] = counted.duplicates;
    to["reordered"] = counted.reordered;
    to["gaps"] = counted.gaps;
    to["unnumbered"] = counted.unnumbered;
    to["bytes"] = counted.bytes;
    to["closed"] = of.closed;
    to["events_per_second"] = ratio(static_cast<double>(counted.publishes), of.seconds);
    to["deliveries_per_second"] = ratio(static_cast<double>(counted.deliveries), of.seconds);
    to["latency_us"] = latency(of.measured.latency());
    to["fanout_us"] = spread(of.measured.spread());
    to["last_event_id"] = of.last_event_id;
}

void add_server(json::object& to, const result& of) {
    const auto deliveries = static_cast<double>(of.measured.counted().deliveries);
    std::optional<double> cpu;
    std::optional<double> cpu_since_start;
    std::optional<double> cpu_each;
    std::optional<std::uint64_t> start;
    std::optional<std::uint64_t> end;
    if (of.server_at_start) {
        cpu = of.server_after->cpu_seconds - of.server_before->cpu_seconds;
        cpu_since_start = of.server_after->cpu_seconds - of.server_at_start->cpu_seconds;
        start = of.server_at_start->resident_bytes;
        end = of.server_after->resident_bytes;
        if (deliveries > 0) {
            cpu_each = *cpu * 1e6 / deliveries;
        }
    }
    to["server_cpu_seconds"] = or_null(cpu);
    to["server_cpu_since_start"] = or_null(cpu_since_start);
    to["cpu_us_per_delivery"] = or_null(cpu_each);
    to["resident_start"] = or_null(start);
    to["resident_end"] = or_null(end);
    json::array& resident = (to["resident"] = json::array{}).get_array();
    for (const resident_at& at : of.resident) {
        resident.push_back({{"streams", at.streams}, {"bytes", at.bytes}});
    }
}

} // namespace

std::string report(const options& chosen, const result& of) {
    json::object all;
    add_opening(all, chosen, of);
    add_counts(all, of);
    add_server(all, of);
    all["client_cpu_seconds"] = of.client_cpu_seconds;
    all["client_cpu_share"] = ratio(of.client_cpu_seconds, of.seconds);
    return json::serialize(all);
}

} // namespace bench::load
