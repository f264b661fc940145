#include <crier/pubsub/manager.hpp>

#include "support/eventually.hpp"
#include "support/memory_journal.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using crier::errc;
using crier::event_id;
using crier::event_view;
using crier::manager;
using crier::manager_options;
using crier::retention;
using crier::subscription;
using crier::test::context;
using crier::test::eventually;
using crier::test::memory_journal;
using crier::test::read_all;
using crier::test::read_next;
using namespace std::chrono_literals;
using boost::system::error_code;
using texts = std::vector<std::string>;

namespace {

/// A program with its journal, whose manager is begun anew by a restart.
struct program {
    context test;
    std::shared_ptr<memory_journal> kept = std::make_shared<memory_journal>();
    manager_options options;
    std::optional<manager> events;
    std::vector<std::string> logged;

    explicit program(crier::outbox_limits outbox = {}) {
        options.journal = kept;
        options.outbox = outbox;
        options.log = [](crier::severity, std::string_view) {};
        options.rules.push_back(
            {.matches = crier::starting_with("kept"), .history = {.events = 1'000}});
        options.rules.push_back({.matches = crier::exactly("few"), .history = {.events = 2}});
        options.rules.push_back({.matches = crier::exactly("newest"), .retain = retention::newest});
        options.rules.push_back(
            {.matches = crier::exactly("state"), .retain = retention::newest_per_key});
        events.emplace(test.io.get_executor(), options);
    }

    void restart() {
        events.reset();
        test.run();
        kept->restart();
        events.emplace(test.io.get_executor(), options);
    }

    /// Runs until the condition holds.
    template <class Condition>
    bool until(Condition holds) {
        return eventually([this] { test.run(); }, holds);
    }

    /// The next so many events.
    texts read(subscription& from, std::size_t most) {
        return read_next(test, from, most, [this] { test.run(); });
    }

    struct answer {
        error_code error;
        event_id id;
    };
    std::shared_ptr<std::optional<answer>> publish(
        const std::string& topic, const std::string& text) {
        auto told = std::make_shared<std::optional<answer>>();
        events->async_publish(topic, event_view{text}, {},
            [told](error_code error, event_id id) { *told = answer{error, id}; });
        return told;
    }

    bool settle() {
        return until([&] { return events->stats().journal->waiting.events == 0; });
    }
};

} // namespace

TEST_CASE("an event is delivered and acknowledged once the journal has it") {
    program all;
    subscription from = all.events->subscribe("kept");
    all.kept->hold(true);
    const auto first = all.publish("kept", "1");
    const auto id = all.events->publish("kept", "2");
    REQUIRE(id);
    CHECK(read_all(all.test, from).empty());
    CHECK_FALSE(*first);
    CHECK(all.events->stats().journal->waiting.events == 2);
    all.kept->hold(false);
    CHECK(all.read(from, 2) == texts{"1", "2"});
    CHECK(all.until([&] { return first->has_value(); }));
    CHECK_FALSE((*first)->error);
    CHECK((*first)->id.sequence + 1 == id->sequence);
    CHECK(all.settle());
    CHECK(all.kept->events("kept") == 2);
}

TEST_CASE("what is refused never appears") {
    program all;
    subscription from = all.events->subscribe("kept");
    all.kept->refuse(make_error_code(boost::system::errc::no_space_on_device));
    const auto refused = all.publish("kept", "1");
    CHECK(all.until([&] { return refused->has_value(); }));
    CHECK((*refused)->error == boost::system::errc::no_space_on_device);
    all.kept->refuse({});
    const auto taken = all.publish("kept", "2");
    CHECK(all.read(from, 1) == texts{"2"});
    CHECK(all.until([&] { return taken->has_value(); }));
    CHECK_FALSE((*taken)->error);
    CHECK(all.events->stats().refused == 1);
}

TEST_CASE("what waits for a journal that does not answer is bounded, and goes when it does") {
    program all{{.events = 3, .bytes = 10'000}};
    subscription from = all.events->subscribe("kept");
    all.kept->refuse(errc::journal_unavailable);
    for (const char* text : {"1", "2", "3"}) {
        CHECK(all.events->publish("kept", text));
    }
    CHECK(all.events->publish("kept", "4").error() == errc::journal_full);
    CHECK(all.until([&] { return all.events->stats().journal->away_since.has_value(); }));
    CHECK(read_all(all.test, from).empty());
    all.kept->refuse({});
    CHECK(all.read(from, 3) == texts{"1", "2", "3"});
    CHECK_FALSE(all.events->stats().journal->away_since);
    CHECK(all.events->publish("kept", "5"));
    CHECK(all.read(from, 1) == texts{"5"});
}

TEST_CASE("events of topics that keep nothing take their turn") {
    program all;
    subscription from = all.events->subscribe(crier::test::topics({"kept", "other"}));
    all.events->publish("other", "0");
    CHECK(read_all(all.test, from) == texts{"0"});
    all.kept->hold(true);
    all.events->publish("kept", "1");
    all.events->publish("other", "2");
    all.events->publish("kept", "3");
    CHECK(read_all(all.test, from).empty());
    all.kept->hold(false);
    CHECK(all.read(from, 3) == texts{"1", "2", "3"});
    CHECK(all.kept->events("other") == 0);
}

TEST_CASE("after a restart numbers go on, and clients resume") {
    program all;
    std::vector<event_id> ids;
    for (int i = 1; i <= 5; ++i) {
        ids.push_back(*all.events->publish("kept", std::to_string(i)));
    }
    all.restart();
    ids.push_back(*all.events->publish("kept", "6"));
    CHECK(ids[5].epoch == ids[0].epoch);
    CHECK(ids[5].sequence > ids[4].sequence);
    subscription back = all.events->subscribe("kept", {.last_event_id = to_string(ids[1])});
    CHECK(all.read(back, 4) == texts{"3", "4", "5", "6"});
    all.events->publish("kept", "7");
    CHECK(all.read(back, 1) == texts{"7"});
    subscription present = all.events->subscribe("kept", {.last_event_id = to_string(ids[5])});
    CHECK(all.read(present, 1) == texts{"7"});
    CHECK(all.events->stats().gaps == decltype(crier::manager_stats::gaps){});
}

TEST_CASE("numbers that nothing was kept of are not given again") {
    program all;
    all.events->publish("kept", "1");
    CHECK(all.settle());
    const event_id last = *all.events->publish("other", "2");
    all.restart();
    CHECK(all.events->publish("other", "3")->sequence > last.sequence);
}

TEST_CASE("a journal is told of numbers before it has set too few aside") {
    program all;
    const int before = all.kept->appends();
    all.kept->hold(true);
    bool is_full = false;
    std::uint64_t given = 0;
    for (; !is_full && given < 2'000'000; ++given) {
        is_full = all.events->publish("other", "x").has_error();
    }
    CHECK(given > 500'000);
    CHECK(given < 1'000'000);
    all.kept->hold(false);
    CHECK(all.settle());
    CHECK(all.kept->appends() > before);
    CHECK(all.events->publish("other", "x"));
}

TEST_CASE("clients resume after ids of the publisher's own, too") {
    program all;
    for (const char* id : {"first", "second", "third"}) {
        all.events->publish("kept", crier::event{.data = id, .id = id});
    }
    all.restart();
    subscription back = all.events->subscribe("kept", {.last_event_id = "first"});
    CHECK(all.read(back, 2) == texts{"second", "third"});
    subscription same = all.events->subscribe("kept", {.last_event_id = "second"});
    CHECK(all.read(same, 1) == texts{"third"});
    subscription lost = all.events->subscribe("kept", {.last_event_id = "unknown"});
    CHECK(all.read(lost, 4) == texts{"gap invalid", "first", "second", "third"});
    subscription elsewhere = all.events->subscribe("kept", {.last_event_id = "1.1"});
    CHECK(all.read(elsewhere, 4) == texts{"gap epoch", "first", "second", "third"});
}

TEST_CASE("what the journal has removed is a gap") {
    program all;
    std::vector<event_id> ids;
    for (int i = 1; i <= 5; ++i) {
        ids.push_back(*all.events->publish("few", std::to_string(i)));
    }
    all.restart();
    subscription back = all.events->subscribe("few", {.last_event_id = to_string(ids[0])});
    CHECK(all.read(back, 3) == texts{"gap evicted", "4", "5"});
    subscription near = all.events->subscribe("few", {.last_event_id = to_string(ids[2])});
    CHECK(all.read(near, 2) == texts{"4", "5"});
}

TEST_CASE("what the journal has, but nobody was told of yet, is not read back") {
    program all;
    const auto before = *all.events->publish("kept", "before");
    all.events->publish("kept", "1");
    all.events->publish("kept elsewhere", "");
    all.restart();
    all.kept->hold_answer(true);
    const int appends = all.kept->appends();
    all.events->publish("kept", "2");
    CHECK(all.until([&] { return all.kept->appends() == appends + 1; }));
    subscription back = all.events->subscribe("kept", {.last_event_id = to_string(before)});
    CHECK(all.read(back, 1) == texts{"1"});
    all.kept->hold_answer(false);
    CHECK(all.settle());
    CHECK(all.read(back, 1) == texts{"2"});
    CHECK(read_all(all.test, back).empty());
}

TEST_CASE("what is retained comes once, also if the journal has it before it is delivered") {
    program all;
    const char* topic = "newest";
    SUBCASE("the newest") {}
    SUBCASE("the newest of each key") { topic = "state"; }
    all.events->publish(topic, "1");
    all.events->publish("kept", "");
    all.restart();
    all.kept->hold_answer(true);
    const int appends = all.kept->appends();
    all.events->publish(topic, "2");
    CHECK(all.until([&] { return all.kept->appends() == appends + 1; }));
    subscription fresh = all.events->subscribe(topic);
    std::this_thread::sleep_for(20ms);
    texts got = all.read(fresh, 1);
    all.kept->hold_answer(false);
    CHECK(all.settle());
    for (const std::string& each : read_all(all.test, fresh)) {
        got.push_back(each);
    }
    CHECK(std::ranges::count(got, "2") == 1);
    CHECK(got.back() == "2");
}

TEST_CASE("a gap that is told while events are read back leads nobody back behind them") {
    program all;
    const auto before = *all.events->publish("kept", "before");
    for (const char* topic : {"kept 1", "few", "kept 2"}) {
        all.events->publish(topic, topic);
    }
    all.restart();
    subscription back = all.events->subscribe(crier::test::topics({"kept 1", "few", "kept 2"}),
        {.queue = crier::queue_limits{.events = 2}, .last_event_id = to_string(before)});
    std::vector<event_id> ids;
    const auto receive = [&] {
        const auto next = back.try_receive();
        if (next) {
            const crier::test::event_reader read{next->text()};
            ids.push_back(*crier::parse_event_id(read.last_event_id));
        }
        return next.has_value();
    };
    CHECK(all.until(receive));
    for (int i = 0; i < 20; ++i) {
        all.events->publish("few", std::to_string(i));
    }
    CHECK(all.settle());
    CHECK(all.until([&] { return receive() && ids.back().sequence == before.sequence + 23; }));
    CHECK(std::ranges::is_sorted(ids));
}

TEST_CASE("what topics retain is there after a restart") {
    program all;
    all.events->publish("newest", "1");
    all.events->publish("newest", "2");
    all.events->publish("state", "a3", {.key = "a"});
    const auto seen = *all.events->publish("state", "b4", {.key = "b"});
    all.events->publish("state", "a5", {.key = "a"});
    all.restart();
    subscription late = all.events->subscribe(crier::test::topics({"newest", "state"}));
    CHECK(all.read(late, 3) == texts{"2", "b4", "a5"});
    all.events->publish("state", "b6", {.key = "b"});
    CHECK(all.read(late, 1) == texts{"b6"});
    subscription back = all.events->subscribe("state", {.last_event_id = to_string(seen)});
    CHECK(all.read(back, 2) == texts{"a5", "b6"});
}

TEST_CASE("a herd that comes back reads the journal a few times, not once each") {
    program all;
    std::vector<event_id> ids;
    for (int i = 1; i <= 300; ++i) {
        ids.push_back(*all.events->publish("kept", std::to_string(i)));
    }
    all.restart();
    const int before = all.kept->reads();
    std::vector<subscription> herd;
    for (std::size_t i = 0; i < 500; ++i) {
        herd.push_back(
            all.events->subscribe("kept", {.last_event_id = to_string(ids[199 - i % 20])}));
    }
    for (std::size_t i = 0; i < herd.size(); ++i) {
        CHECK(all.read(herd[i], 100 + i % 20).size() == 100 + i % 20);
    }
    CHECK(all.kept->reads() - before < 10);
}

TEST_CASE("what memory has let go is read from the journal") {
    program all;
    all.events.reset();
    all.options.memory_limit = 200'000;
    all.kept->restart();
    all.events.emplace(all.test.io.get_executor(), all.options);
    const std::string large(1'000, 'x');
    const auto first = *all.events->publish("kept", large);
    for (int i = 0; i < 500; ++i) {
        CHECK(all.until([&] { return all.events->stats().journal->waiting.events < 20; }));
        CHECK(all.events->publish("kept", large));
    }
    CHECK(all.settle());
    subscription back = all.events->subscribe("kept", {.last_event_id = to_string(first)});
    const texts read = all.read(back, 500);
    CHECK(read.size() == 500);
    CHECK(read == texts(500, large));
}

TEST_CASE("what is closed or forgotten is forgotten in the journal") {
    program all;
    all.events->publish("kept 1", "old");
    all.events->publish("kept 2", "old");
    all.events->publish("state", "old", {.key = "a"});
    all.events->publish("state", "left", {.key = "b"});
    all.events->close_topic("kept 1");
    all.events->forget("kept 2");
    all.events->forget("state", "a");
    all.events->publish("kept 2", "new");
    all.restart();
    CHECK(all.kept->events("kept 1") == 0);
    CHECK(all.kept->events("kept 2") == 1);
    subscription late = all.events->subscribe("state");
    CHECK(all.read(late, 1) == texts{"left"});
}

TEST_CASE("a shutdown lets what was published get to the journal, and to its subscribers") {
    program all;
    subscription from = all.events->subscribe("kept");
    all.kept->hold(true);
    const auto told = all.publish("kept", "1");
    all.events->shutdown();
    CHECK(all.events->publish("kept", "2").error() == errc::shut_down);
    all.kept->hold(false);
    CHECK(all.read(from, 1) == texts{"1"});
    CHECK(all.until([&] { return told->has_value(); }));
    CHECK_FALSE((*told)->error);
    CHECK(all.until([&] { return crier::test::end_of(all.test, from) == errc::closed; }));
}

TEST_CASE("without a journal an event is acknowledged as it is published") {
    context test;
    manager events{test.io.get_executor()};
    std::optional<event_id> id;
    events.async_publish("a", event_view{"1"}, {}, [&](error_code error, event_id given) {
        CHECK_FALSE(error);
        id = given;
    });
    test.run();
    REQUIRE(id);
    CHECK(id->sequence == 1);
    error_code refused;
    events.async_publish("a", crier::event{.type = "crier.own"}, {},
        [&](error_code error, event_id) { refused = error; });
    subscription from = events.subscribe("a");
    test.run();
    CHECK_FALSE(refused); // nobody gets it
}
