// Whatever allocation fails on the way of an event through a journal, on whatever thread: it is
// published once or not at all, and what comes after it goes on.

#include <crier/pubsub/manager.hpp>

#include "support/eventually.hpp"
#include "support/memory_journal.hpp"
#include "support/shared_engine.hpp"
#include "support/sweep.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using boost::system::error_code;
using crier::event_id;
using crier::event_view;
using crier::manager;
using crier::manager_options;
using crier::subscription;
using crier::test::context;
using crier::test::eventually;
using crier::test::failing;
using crier::test::failing_part;
using crier::test::memory_journal;
using crier::test::node_journal;
using crier::test::read_all;
using crier::test::read_next;
using crier::test::shared_engine;
using crier::test::sweep;
using texts = std::vector<std::string>;

namespace {

/// Lets one allocation fail on the thread that has called it, after it has kept what it was given.
struct failing_journal final : memory_journal {
    error_code append(std::span<crier::journal_entry> entries) override {
        const error_code error = memory_journal::append(entries);
        const long nth = fails_next.exchange(-1);
        if (nth >= 0) {
            crier::test::fail_allocation_after(nth, failing::once);
        }
        return error;
    }

    std::atomic<long> fails_next{-1};
};

manager_options options_with(std::shared_ptr<crier::journal> kept) {
    manager_options options;
    options.journal = std::move(kept);
    options.log = [](crier::severity, std::string_view) {};
    options.rules.push_back({.matches = crier::starting_with("kept"), .history = {.events = 100}});
    return options;
}

/// The next so many events of a subscription.
texts read(context& test, subscription& from, std::size_t most) {
    return read_next(test, from, most, [] {});
}

/// Lets a node follow the topic, and all arrive that waits.
void follow(context& test, node_journal& here) {
    CHECK(eventually([] {}, [&] { return here.follows("kept"); }));
    here.bring_all();
    test.run();
}

} // namespace

TEST_CASE("an event that there is no memory for is not published, and the next one is") {
    const long swept = sweep([](failing_part& part) {
        context test;
        const auto kept = std::make_shared<memory_journal>();
        manager events{test.io.get_executor(), options_with(kept)};
        subscription from = events.subscribe("kept");
        const std::string topic = "kept and opened by it, under a name that needs memory";
        std::optional<event_id> first;
        std::optional<event_id> opening;
        const bool is_done = part([&] {
            if (const auto id = events.publish("kept", "1")) {
                first = *id;
            }
            if (const auto id = events.publish(topic, "1")) {
                opening = *id;
            }
        });
        CHECK((is_done == (first && opening)));
        CHECK(events.publish("kept", "2"));
        CHECK(read(test, from, first ? 2 : 1) == (first ? texts{"1", "2"} : texts{"2"}));
        CHECK(kept->events(topic) == (opening ? 1 : 0));
    });
    CHECK(swept > 0);
}

TEST_CASE("an acknowledgement that there is no memory for is thrown, and nothing is published") {
    const long swept = sweep([](failing_part& part) {
        context test;
        manager events{test.io.get_executor(), options_with(std::make_shared<memory_journal>())};
        subscription from = events.subscribe("kept");
        int acknowledged = 0;
        const bool is_done = part([&] {
            events.async_publish("kept", event_view{"1"}, {},
                [&](error_code error, event_id) { acknowledged += error ? 0 : 1; });
        });
        CHECK(events.publish("kept", "2"));
        CHECK(read(test, from, is_done ? 2 : 1) == (is_done ? texts{"1", "2"} : texts{"2"}));
        const int expected = is_done ? 1 : 0;
        CHECK(eventually([&] { test.run(); }, [&] { return acknowledged == expected; }));
    });
    CHECK(swept > 0);
}

TEST_CASE("what is in the journal is delivered once there is memory for it") {
    constexpr long more_than_there_are = 12;
    for (long nth = 0; nth < more_than_there_are; ++nth) {
        CAPTURE(nth);
        context test;
        const auto kept = std::make_shared<failing_journal>();
        manager events{test.io.get_executor(), options_with(kept)};
        subscription from = events.subscribe("kept");
        kept->fails_next = nth;
        CHECK(events.publish("kept", "1"));
        CHECK(events.publish("kept", "2"));
        CHECK(read(test, from, 2) == texts{"1", "2"});
        CHECK(read_all(test, from).empty());
    }
}

TEST_CASE("what arrives from other nodes is delivered once there is memory for it") {
    const long swept = sweep(failing::once, [](failing_part& part) {
        shared_engine engine; // whose journal what is left on the context may still have
        context test;
        const auto here = std::make_shared<node_journal>(engine);
        manager events{test.io.get_executor(), options_with(here)};
        subscription from = events.subscribe("kept");
        follow(test, *here);
        CHECK(events.publish("kept", "1"));
        CHECK(eventually([] {}, [&] { return here->waiting() > 0; }));
        const auto arrival = here->take_next();
        CHECK(part([&] { here->tell(arrival); }));
        CHECK(read(test, from, 1) == texts{"1"});
        CHECK(read_all(test, from).empty());
        here->bring_all();
    });
    CHECK(swept > 0);
}

TEST_CASE("who cannot subscribe where nodes share leaves nothing behind") {
    const long swept = sweep([](failing_part& part) {
        shared_engine engine; // whose journal what is left on the context may still have
        context test;
        const auto here = std::make_shared<node_journal>(engine);
        manager events{test.io.get_executor(), options_with(here)};
        std::optional<subscription> from;
        const bool is_done = part([&] { from.emplace(events.subscribe("kept")); });
        CHECK(events.stats().subscribers == (is_done ? 1 : 0));
        if (!is_done) {
            from.emplace(events.subscribe("kept"));
        }
        follow(test, *here);
        CHECK(events.publish("kept", "1"));
        CHECK(eventually([] {}, [&] { return here->bring_one(); }));
        CHECK(read(test, *from, 1) == texts{"1"});
    });
    CHECK(swept > 0);
}
