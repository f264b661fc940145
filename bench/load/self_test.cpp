#include "load/self_test.hpp"

#include "load/checks.hpp"
#include "load/client.hpp"
#include "load/protocol_test.hpp"
#include "load/scenario.hpp"
#include "load/script.hpp"
#include "load/test_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace bench::load {
namespace {

void compare(checks& check, const std::string& name, const meter::counts& found,
    const meter::counts& wanted) {
    check.equal(name + ", deliveries", found.deliveries, wanted.deliveries);
    check.equal(name + ", lost", found.lost, wanted.lost);
    check.equal(name + ", duplicates", found.duplicates, wanted.duplicates);
    check.equal(name + ", reordered", found.reordered, wanted.reordered);
    check.equal(name + ", gaps", found.gaps, wanted.gaps);
    check.equal(name + ", unnumbered", found.unnumbered, wanted.unnumbered);
}

void perform(const script& played, const test_server::connection& to) {
    if (played.byte_by_byte) {
        for (const char& byte : played.bytes) {
            to.send({&byte, 1});
        }
    } else {
        to.send(played.bytes);
    }
    if (!played.ends || played.kept) {
        to.wait_for_end();
    }
}

void read_script(checks& check, const script& played, std::uint32_t sweep_milliseconds) {
    constexpr std::uint64_t patience = 10'000'000'000;
    const test_server server{1, [&](const auto& accepted) { perform(played, accepted.front()); }};
    options chosen;
    chosen.port = server.port();
    chosen.streams = 1;
    chosen.sweep_milliseconds = sweep_milliseconds;
    meter counting{1, 1};
    client reading{chosen, counting};
    reading.open(1);
    const std::uint64_t start = monotonic_now();
    reading.run(start + patience, [&] {
        return reading.closed() == 1 ||
               (!played.ends && counting.counted().bytes == played.bytes.size());
    });
    const std::string name =
        played.name + std::string{sweep_milliseconds != 0 ? ", in sweeps" : ""};
    compare(check, name, counting.counted(), played.expected);
    check.equal(name + ", closed", reading.closed(), played.ends ? 1U : 0U);
    check.equal(name + ", last id", reading.last_event_id(), played.last_id);
    check.equal(name + ", latencies", counting.latency().count(), played.expected.deliveries);
}

/// Without a server: what comes in two parts, cut at each place, and what comes byte by byte.
void split_everywhere(checks& check, const script& played) {
    const auto read = [](parser& reading, order& numbers, meter& counting, std::string_view part) {
        for (token found = reading.next(part); found != token::none; found = reading.next(part)) {
            if (found == token::event) {
                counting.event(0, numbers, reading.number(), 0, 0);
            } else if (found == token::gap) {
                counting.gap();
            } else if (found == token::other) {
                counting.unnumbered();
            }
        }
    };
    const std::string_view bytes = played.bytes;
    bool same = true;
    meter counting{1, 1};
    const auto matches = [&] {
        const meter::counts& found = counting.counted();
        return found.deliveries == played.expected.deliveries &&
               found.lost == played.expected.lost && found.gaps == played.expected.gaps &&
               found.unnumbered == played.expected.unnumbered;
    };
    for (std::size_t i = 0; i <= std::min<std::size_t>(bytes.size(), 3000) && same; ++i) {
        parser reading;
        order numbers;
        counting.begin(0);
        read(reading, numbers, counting, bytes.substr(0, i));
        read(reading, numbers, counting, bytes.substr(i));
        same = matches();
    }
    check.is(same, std::string{played.name} + ", cut in two anywhere");
    parser reading;
    order numbers;
    counting.begin(0);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        read(reading, numbers, counting, bytes.substr(i, 1));
    }
    check.is(matches(), std::string{played.name} + ", in single bytes");
}

void check_histogram(checks& check) {
    histogram values;
    for (std::uint64_t i = 1; i <= 100'000; ++i) {
        values.add(i);
    }
    for (const double part : {0.001, 0.1, 0.5, 0.99, 0.999, 1.0}) {
        check.near("percentile", static_cast<double>(values.percentile(part)), part * 1e5, 0.01);
    }
    check.equal("maximum", values.max(), 100'000U);
    check.near("mean", values.mean(), 50'000.5, 1e-9);
    values.clear();
    values.add(~std::uint64_t{0});
    check.near("largest value", static_cast<double>(values.percentile(0.5)), 0x1p64, 0.01);
}

void check_fanout(checks& check) {
    constexpr std::uint64_t none = ~std::uint64_t{0};
    // Streams 0 and 2 have the first topic, stream 1 the other.
    fanout following{3, 2};
    const auto spread = [&](std::uint32_t topic, std::uint64_t number, std::uint64_t time) {
        return following.take(topic, number, time).spread.value_or(none);
    };
    check.equal("fan-out, first of two", spread(0, 1, 100), none);
    check.equal("fan-out, other topic", spread(1, 1, 110), 0U);
    check.equal("fan-out, next event", spread(0, 2, 200), none);
    check.equal("fan-out, last of two", spread(0, 1, 350), 250U);
    following.begin(300);
    check.equal("fan-out, begun before", spread(0, 2, 400), none);
    check.is(following.take(0, 3, 500).first, "fan-out, seen first");
    check.is(!following.take(0, 3, 510).first, "fan-out, seen again");
    check.equal("fan-out, much newer", spread(0, 3 + (1U << 16), 600), none);
    check.equal("fan-out, forgotten", spread(0, 3, 700), none);
}

/// Two topics, each with two streams, until the clients have left; a number is left out before
/// anything is measured.
void serve_live(const std::vector<test_server::connection>& accepted) {
    for (const auto& each : accepted) {
        each.send(chunked_head);
        each.send(chunk(event_text(0)));
    }
    bool there = true;
    for (std::uint64_t number = 2; there; ++number) {
        for (const auto& each : accepted) {
            there = each.send(chunk(event_text(number))) && there;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
}

result measure_live(bool until_event, std::optional<std::uint64_t> until_number = {}) {
    const test_server server{4, serve_live};
    options chosen;
    chosen.port = server.port();
    chosen.streams = 4;
    chosen.topics = 2;
    chosen.warmup = 0.2;
    chosen.seconds = 0.5;
    chosen.processes = {::getpid()};
    chosen.until_event = until_event;
    chosen.until_number = until_number;
    result measured{chosen};
    measure(chosen, measured);
    return measured;
}

void check_scenario(checks& check) {
    const result whole = measure_live(false);
    const meter::counts& counted = whole.measured.counted();
    check.is(counted.deliveries >= 8, "live, some events");
    check.equal("live, lost before the measurement", counted.lost, 0);
    check.near("live, publishes", static_cast<double>(counted.publishes),
        static_cast<double>(counted.deliveries) / 2, 0.3);
    check.is(whole.measured.spread().count() > 0, "live, fan-out");
    check.is(whole.measured.latency().max() < 10'000'000'000, "live, latency");
    check.equal("live, closed", whole.closed, 0U);
    check.near("live, seconds", whole.seconds, 0.5, 0.2);
    check.is(whole.server_after->cpu_seconds > whole.server_before->cpu_seconds, "live, time");
    check.is(whole.server_after->resident_bytes > 1'000'000, "live, memory");
    check.is(!whole.until_event_seconds, "live, not until an event");

    const result first = measure_live(true);
    check.is(first.until_event_seconds.has_value(), "first event, its time");
    check.is(first.measured.counted().deliveries >= 4, "first event, for each stream");
    check.is(first.seconds < 0.5, "first event, ends with it");

    const result third = measure_live(false, 3);
    check.is(third.until_event_seconds.has_value(), "third event, its time");
    check.equal("third event, of each stream", third.with_event, 4U);
    check.is(third.measured.counted().deliveries >= 12, "third event, with those before");
    check.is(third.seconds < 0.5, "third event, ends with it");
}

} // namespace

bool self_test() {
    checks check;
    for (const script& played : all_scripts()) {
        split_everywhere(check, played);
        read_script(check, played, 0);
        read_script(check, played, 1);
    }
    check_histogram(check);
    check_fanout(check);
    check_scenario(check);
    check_protocols(check);
    return check.conclude();
}

} // namespace bench::load
