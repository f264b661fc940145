#include "pubsub/closed_topics.hpp"

#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "support/read_all.hpp"

#include <string>
#include <vector>

using crier::errc;
using crier::manager;
using crier::manager_options;
using crier::retention;
using crier::subscription;
using crier::topic_options;
using crier::detail::closed_topics;
using crier::detail::memory_account;
using crier::detail::memory_account_ptr;
using crier::test::context;
using crier::test::read_all;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

/// Rooms keep their newest event and a history.
manager_options rooms() {
    manager_options options;
    options.rules.push_back({.matches = crier::starting_with("room"),
        .history = {.events = 10},
        .retain = retention::newest});
    return options;
}

errc error_of(manager& events, std::vector<topic_options> topics) {
    try {
        events.subscribe(std::move(topics));
    } catch (const boost::system::system_error& failed) {
        return static_cast<errc>(failed.code().value());
    }
    return {};
}

std::vector<topic_options> named(const std::vector<std::string>& names) {
    std::vector<topic_options> result(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        result[i].name = names[i];
    }
    return result;
}

} // namespace

TEST_CASE("a name is closed for its time, from its last closing on, and takes memory no longer") {
    const memory_account_ptr account{new memory_account};
    closed_topics closed{10s, account};
    const crier::clock::time_point start{};
    closed.note("a", start);
    closed.note("b", start + 5s);
    closed.note("a", start + 6s);
    CHECK(closed.has("a", start + 15s));
    CHECK_FALSE(closed.has("a", start + 16s));
    CHECK(closed.has("b", start + 14s));
    CHECK_FALSE(closed.has("b", start + 15s));
    CHECK_FALSE(closed.has("c", start));
    const std::size_t two = account->used();
    closed.note("c", start + 20s);
    CHECK(account->used() < two);
    closed.remove("c");
    closed.remove("c");
    CHECK_FALSE(closed.has("c", start + 20s));
    CHECK(account->used() == 0);
}

TEST_CASE("without a time no name is closed") {
    closed_topics closed{0s, memory_account_ptr{new memory_account}};
    closed.note("a", {});
    CHECK_FALSE(closed.has("a", {}));
}

TEST_CASE("a closed topic's subscribers read what is there, and then its end") {
    context test;
    manager events{test.io.get_executor(), rooms()};
    subscription player = events.subscribe("room");
    events.publish("room", "1");
    events.publish("room", "2");
    events.close_topic("room");
    events.publish("other", "3");
    CHECK(read_all(test, player) == texts{"1", "2"});
    CHECK(end_of(test, player) == errc::closed);
}

TEST_CASE("who still reads back gets the rest, though the topic is closed meanwhile") {
    context test;
    manager events{test.io.get_executor(), rooms()};
    const auto first = events.publish("room", "1");
    events.publish("room", "2");
    subscription late = events.subscribe("room", {.last_event_id = to_string(*first)});
    events.close_topic("room");
    CHECK(read_all(test, late) == texts{"2"});
    CHECK(end_of(test, late) == errc::closed);
}

TEST_CASE("a new room of a closed one's name knows nothing of it") {
    context test;
    manager events{test.io.get_executor(), rooms()};
    const auto old = events.publish("room", "state of the old game");
    events.close_topic("room");
    CHECK(events.stats().topics.empty());
    CHECK(error_of(events, named({"room"})) == errc::topic_closed);
    events.publish("room", "new");
    subscription player = events.subscribe("room");
    subscription back = events.subscribe("room", {.last_event_id = to_string(*old)});
    CHECK(read_all(test, player) == texts{"new"});
    CHECK(read_all(test, back) == texts{"new"}); // and no gap
}

TEST_CASE("a topic is closed for its time only, and with others it is not in their way") {
    context test;
    manager_options options = rooms();
    options.closed_for = 10s;
    manager events{test.io.get_executor(), std::move(options)};
    events.close_topic("room 1");
    events.close_topic("room 2");
    CHECK(error_of(events, named({"room 1", "room 2"})) == errc::topic_closed);
    CHECK(error_of(events, named({"room 1", "news"})) == errc{});
    CHECK(error_of(events, named({"room 1"})) == errc::topic_closed);
    test.advance(10s);
    CHECK(error_of(events, named({"room 1"})) == errc{});
}

TEST_CASE("a topic that keeps nothing and has no subscribers is closed, and begins anew, too") {
    context test;
    manager events{test.io.get_executor()};
    events.close_topic("plain");
    CHECK(error_of(events, named({"plain"})) == errc::topic_closed);
    events.publish("plain", "x");
    CHECK(error_of(events, named({"plain"})) == errc{});
}

TEST_CASE("forgetting a topic's state keeps its subscribers, and who missed some hears of a gap") {
    context test;
    manager_options options = rooms();
    options.rules.push_back(
        {.matches = crier::exactly("keys"), .retain = retention::newest_per_key});
    manager events{test.io.get_executor(), std::move(options)};
    subscription player = events.subscribe("room");
    const auto first = events.publish("room", "1", {.only_changes = true});
    const auto second = events.publish("room", "2", {.only_changes = true});
    events.publish("keys", "3", {.key = "a"});
    events.forget("room");
    events.forget("keys");
    events.forget("unknown");
    subscription late = events.subscribe("room");
    subscription missed = events.subscribe("room", {.last_event_id = to_string(*first)});
    subscription knows = events.subscribe("room", {.last_event_id = to_string(*second)});
    subscription keys = events.subscribe("keys");
    events.publish("room", "2", {.only_changes = true}); // news for all
    CHECK(read_all(test, player) == texts{"1", "2", "2"});
    CHECK(read_all(test, late) == texts{"2"});
    const texts told = read_all(test, missed);
    REQUIRE(told.size() == 2);
    CHECK(told[0].starts_with("gap evicted"));
    CHECK(read_all(test, knows) == texts{"2"});
    CHECK(read_all(test, keys).empty());
}

TEST_CASE("a topic without subscribers ends with its state") {
    context test;
    manager events{test.io.get_executor(), rooms()};
    events.publish("room", "1");
    CHECK(events.stats().topics.size() == 1);
    events.forget("room");
    CHECK(events.stats().topics.empty());
}
