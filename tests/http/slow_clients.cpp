#include "support/event_reader.hpp"
#include "support/served_stream.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using crier::manager;
using crier::manager_options;
using crier::overflow_policy;
using crier::queue_limits;
using crier::serve_options;
using crier::test::context;
using crier::test::event_reader;
using crier::test::get;
using crier::test::received;
using crier::test::stream;
using crier::test::topic;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t keys = 8;
constexpr std::size_t rounds = 800;

/// A manager whose streams have as many places as there are keys, and its log.
struct state_server {
    context test;
    std::vector<std::string> logged;
    manager events;

    explicit state_server(queue_limits queue)
        : events{test.io.get_executor(), options_with(queue, logged)} {}

    static manager_options options_with(
        const queue_limits& queue, std::vector<std::string>& logged) {
        manager_options options;
        options.queue = queue;
        options.log = [&logged](
                          crier::severity, std::string_view line) { logged.emplace_back(line); };
        return options;
    }

    /// Far more than the kernel takes for a client that reads nothing.
    void publish_rounds(std::string_view to = "news") {
        const std::string filler(1'000, '.');
        for (std::size_t round = 1; round <= rounds; ++round) {
            for (std::size_t key = 0; key < keys; ++key) {
                const std::string name = "key" + std::to_string(key);
                events.publish(to, std::to_string(round) + filler, {.type = name, .key = name});
                test.run();
            }
        }
    }
};

/// What a client gets that reads only now: all of it, to the end of the stream.
std::vector<received> read_all(stream& open, manager& events) {
    std::string bytes;
    events.shutdown();
    CHECK(open.test.run_until([&] {
        bytes += open.peer.read_available();
        return open.peer.at_end;
    }));
    const std::size_t body = bytes.find("\r\n\r\n") + 4;
    return event_reader{bytes.substr(body)}.events;
}

std::size_t count(const std::vector<received>& all, std::string_view type) {
    std::size_t found = 0;
    for (const received& each : all) {
        found += each.type == type ? 1 : 0;
    }
    return found;
}

/// The newest round of each key.
std::map<std::string, int> newest(const std::vector<received>& all) {
    std::map<std::string, int> result;
    for (const received& each : all) {
        result[each.type] = std::atoi(each.data.c_str());
    }
    return result;
}

} // namespace

TEST_CASE("as many places as keys are enough for a stalled client that gets each key's newest") {
    for (const overflow_policy policy :
        {overflow_policy::conflate, overflow_policy::conflate_always}) {
        CAPTURE(static_cast<int>(policy));
        state_server server{{.events = keys, .overflow = policy}};
        stream stalled{server.test, server.events, topic("news"), get("/", 10)};
        server.publish_rounds();
        const std::vector<received> all = read_all(stalled, server.events);
        CHECK(count(all, "crier.gap") == 0);
        CHECK(all.size() < keys * rounds);
        const std::map<std::string, int> last = newest(all);
        CHECK(last.size() == keys);
        for (const auto& [key, round] : last) {
            CHECK_MESSAGE(round == rounds, key);
        }
        CHECK(server.logged.empty()); // nothing is missed
    }
}

TEST_CASE("as many places as keys hold the last round, or the first that the kernel did not take") {
    for (const overflow_policy policy : {overflow_policy::drop_oldest, overflow_policy::drop_newest,
             overflow_policy::signal, overflow_policy::disconnect}) {
        CAPTURE(static_cast<int>(policy));
        state_server server{{.events = keys, .overflow = policy}};
        stream stalled{server.test, server.events, topic("news"), get("/", 10)};
        server.publish_rounds();
        const std::uint64_t dropped = server.events.stats().dropped;
        const std::vector<received> all = read_all(stalled, server.events);
        const std::size_t gaps = count(all, "crier.gap");
        const std::size_t signals = count(all, "crier.signal");
        const std::size_t got = all.size() - gaps - signals;
        REQUIRE(got > keys);
        CHECK(server.logged.size() == 1);
        if (policy == overflow_policy::disconnect) {
            CHECK(stalled.reason == crier::end_reason::overflow);
            continue;
        }
        CHECK(got + dropped == keys * rounds);
        if (policy == overflow_policy::signal) {
            CHECK(gaps == 0);
            CHECK(signals > 0);
        } else if (policy == overflow_policy::drop_oldest) {
            CHECK(all[all.size() - keys - 1].type == "crier.gap");
            CHECK(newest(all).at("key0") == rounds);
        } else {
            CHECK(all.back().type == "crier.gap");
        }
    }
}

TEST_CASE("a small send buffer keeps little that is stale for a client that stalls") {
    std::vector<std::size_t> stale;
    for (const std::size_t bytes : {4'096U, 65'536U}) {
        state_server server{{.overflow = overflow_policy::conflate_always}};
        serve_options options = topic("news");
        options.send_buffer = bytes;
        stream stalled{server.test, server.events, std::move(options), get("/", 10)};
        const int small = 2'304; // of the peer's side, which else takes more than all of ours
        CHECK(::setsockopt(stalled.peer.socket.native_handle(), SOL_SOCKET, SO_RCVBUF, &small,
                  sizeof small) == 0);
        server.publish_rounds();
        stale.push_back(read_all(stalled, server.events).size() - keys);
    }
    CHECK(stale[0] * 2 < stale[1]);
}

TEST_CASE("each topic of a stream keeps to its own policy, whatever the others send") {
    context test;
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.rules.push_back({.matches = crier::exactly("state"),
        .queue = queue_limits{.events = keys, .overflow = overflow_policy::conflate}});
    options.queue.events = 3 * keys;
    manager events{test.io.get_executor(), options};
    serve_options both;
    both.topics.resize(2);
    both.topics[0].name = "state";
    both.topics[1].name = "private";
    stream stalled{test, events, std::move(both), get("/", 10)};
    const std::string filler(1'000, '.');
    for (std::size_t round = 1; round <= rounds; ++round) {
        for (std::size_t key = 0; key < keys; ++key) {
            const std::string name = "key" + std::to_string(key);
            events.publish("state", std::to_string(round) + filler, {.type = name, .key = name});
        }
        if (round % 100 == 0) {
            events.publish("private", std::to_string(round), {.type = "private"});
        }
        test.run();
    }
    const std::vector<received> all = read_all(stalled, events);
    CHECK(count(all, "crier.gap") == 0);
    CHECK(count(all, "private") == rounds / 100);
    CHECK(newest(all).at("key7") == rounds);
}
