// The manager's memory limit, with readers that never read next to others that keep up.

#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "support/read_all.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using crier::drop_reason;
using crier::manager;
using crier::manager_options;
using crier::overflow_policy;
using crier::queue_limits;
using crier::subscribe_options;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::end_of;
using crier::test::event_reader;
using crier::test::read_all;
using crier::test::received;
using texts = std::vector<std::string>;
namespace asio = boost::asio;

namespace {

constexpr std::size_t limit = 200'000;
/// What is on its way may take a little more, while others make room.
constexpr std::size_t most = limit + limit / 16;

/// So large that only the memory limit holds.
queue_limits endless(overflow_policy past = overflow_policy::drop_newest) {
    return {1'000'000, std::size_t{2} << 30, past};
}

manager_options limited(overflow_policy past = overflow_policy::drop_newest) {
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.memory_limit = limit;
    options.queue = endless(past);
    return options;
}

manager_options keeping(std::chrono::milliseconds age = {}) {
    manager_options options = limited();
    options.rules.push_back({.matches = crier::starting_with("kept"),
        .history = {.events = 1'000'000, .bytes = 1'000'000'000, .age = age}});
    return options;
}

std::uint64_t count_of(const std::string& told) {
    return boost::json::parse(told).at("count").to_number<std::uint64_t>();
}

/// What a subscriber reads, compared with what was published to it: each event is read in its turn,
/// or is one of those that a gap tells.
class reader {
public:
    explicit reader(subscription from) : from_{std::move(from)} {}
    reader(manager& events, const std::string& topic, const subscribe_options& options = {})
        : reader{events.subscribe(topic, options)} {}

    /// To be called with each event that it should get.
    void expect(const boost::system::result<crier::event_id>& id) {
        REQUIRE(id.has_value());
        published_.push_back(to_string(*id));
    }

    /// Reads all that waits, after its executor has run.
    void read() {
        std::string stream;
        while (const auto next = from_.try_receive()) {
            stream += next->text();
        }
        for (const received& each : event_reader{stream}.events) {
            each.type == "crier.gap" ? take_gap(each) : take_event(each);
        }
    }

    void read(context& test) {
        test.run();
        read();
    }

    std::uint64_t events() const { return events_; }
    std::uint64_t lost() const { return lost_; }
    /// How often it was told that events were lost.
    std::uint64_t gaps() const { return gaps_; }
    bool has_all() const { return next_ == published_.size(); }
    subscription& source() { return from_; }

private:
    void take_event(const received& each) {
        REQUIRE(next_ < published_.size());
        CHECK(each.id == published_[next_]);
        ++next_;
        ++events_;
    }

    void take_gap(const received& each) {
        const auto told = boost::json::parse(each.data);
        const std::uint64_t count = count_of(each.data);
        REQUIRE(count > 0);
        REQUIRE(next_ + count <= published_.size());
        CHECK(told.at("reason") == "overflow");
        CHECK(told.at("from").as_string() == published_[next_]);
        next_ += count;
        CHECK(told.at("to").as_string() == published_[next_ - 1]);
        CHECK(each.id == published_[next_ - 1]);
        lost_ += count;
        ++gaps_;
    }

    subscription from_;
    std::vector<std::string> published_;
    std::size_t next_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t gaps_ = 0;
};

std::string payload(std::size_t size = 1'000) { return std::string(size, 'x'); }

std::map<std::string, std::size_t> histories(const manager& events) {
    std::map<std::string, std::size_t> result;
    for (const auto& each : events.stats().topics) {
        result[each.name] = each.history;
    }
    return result;
}

std::uint64_t dropped(const manager& events, drop_reason why) {
    return events.stats().dropped_by[static_cast<std::size_t>(why)];
}

std::vector<topic_options> topics(const texts& names) {
    std::vector<topic_options> result;
    for (const std::string& name : names) {
        result.emplace_back().name = name;
    }
    return result;
}

} // namespace

TEST_CASE("histories go before anybody misses anything, of the least recently used topic first") {
    context test;
    manager events{test.io.get_executor(), keeping()};
    reader present{events, "other"};
    std::string first;
    for (const char* topic : {"kept a", "kept b", "kept c", "kept d"}) {
        for (int i = 0; i < 30; ++i) {
            const auto id = events.publish(topic, payload());
            first = std::string_view{topic} == "kept a" && i == 0 ? to_string(*id) : first;
        }
    }
    // Reading back is use, and so is publishing.
    subscription back = events.subscribe("kept a", {.last_event_id = first});
    CHECK(crier::test::read_all(test, back).size() == 29);
    events.publish("kept b", payload());
    const auto publish_others = [&](int count) {
        for (int i = 0; i < count; ++i) {
            present.expect(events.publish("other", payload()));
            CHECK(events.stats().memory <= most);
        }
    };
    std::size_t published = 0;
    std::string gone;
    auto kept = histories(events);
    const std::map<std::string, std::size_t> whole{
        {"kept a", 30}, {"kept b", 31}, {"kept c", 30}, {"kept d", 30}};
    while (kept["kept b"] == 31 && published < 1000) {
        publish_others(1);
        ++published;
        kept = histories(events);
        for (const auto& [topic, size] : whole) {
            if (kept[topic] < size && gone.find(topic.back()) == gone.npos) {
                gone += topic.back();
            }
            CHECK((kept[topic] == size || kept[topic] == 0 || gone.back() == topic.back()));
        }
    }
    CHECK(gone == "cdab");
    present.read(test);
    CHECK(present.events() == published);
    CHECK(events.stats().dropped == 0);
}

TEST_CASE("what a topic retains is history too") {
    context test;
    manager_options options = limited();
    options.rules.push_back({.matches = crier::starting_with("newest "),
        .history = {.age = {}},
        .retain = crier::retention::newest});
    options.rules.push_back({.matches = crier::exactly("keys"),
        .history = {.age = {}},
        .retain = crier::retention::newest_per_key});
    manager events{test.io.get_executor(), options};
    for (int i = 0; i < 1'000; ++i) {
        events.publish("newest " + std::to_string(i), payload());
        events.publish("keys", payload(), {.key = std::to_string(i)});
        REQUIRE(events.stats().memory <= most);
    }
    subscription gone = events.subscribe("newest 0");
    subscription there = events.subscribe("newest 999");
    CHECK(crier::test::read_all(test, gone).empty());
    CHECK(crier::test::read_all(test, there).size() == 1);
    CHECK(events.stats().topics.size() < 200);
}

TEST_CASE("a topic whose history is gone already is passed over") {
    for (const bool by_age : {true, false}) {
        context test;
        manager_options options = limited();
        options.rules.push_back({.matches = crier::exactly("old"),
            .history = {.events = 100, .bytes = 5'000, .age = std::chrono::seconds{1}}});
        manager events{test.io.get_executor(), options};
        reader present{events, "other"};
        subscription keeps = events.subscribe("old");
        events.publish("old", "1");
        if (by_age) {
            crier::detail::test_clock::advance(std::chrono::seconds{2});
            keeps = events.subscribe("old");
        } else {
            events.publish("old", payload(6'000));
        }
        test.run();
        while (keeps.try_receive()) {
        }
        CHECK(histories(events)["old"] == 0);
        for (int i = 0; i < 400; ++i) {
            present.expect(events.publish("other", payload()));
            REQUIRE(events.stats().memory <= most);
        }
        present.read(test);
        CHECK(present.has_all());
    }
}

TEST_CASE("a topic that is published to stays, when its own history has to go") {
    context test;
    manager events{test.io.get_executor(), keeping()};
    reader present{events, "other"};
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 200; ++i) {
            events.publish("kept", payload());
            present.expect(events.publish("other", payload()));
            REQUIRE(events.stats().memory <= most);
        }
        present.read(test);
        CHECK(present.has_all());
    }
    // There is room again.
    const auto first = *events.publish("kept", "1");
    events.publish("kept", "2");
    subscription back = events.subscribe("kept", {.last_event_id = to_string(first)});
    CHECK(crier::test::read_all(test, back) == texts{"2"});
    const auto stats = events.stats();
    CHECK(std::ranges::count(stats.topics, "kept", &crier::topic_stats::name) == 1);
}

TEST_CASE("one event that is larger than the limit is refused, and told") {
    context test;
    manager events{test.io.get_executor(), keeping()};
    reader present{events, "kept"};
    for (int i = 0; i < 3; ++i) {
        present.expect(events.publish("kept", "small"));
        present.expect(events.publish("kept", payload(limit * 2)));
        CHECK(events.stats().memory <= most);
    }
    present.read(test);
    CHECK(present.has_all());
    CHECK(present.events() == 3);
    CHECK(present.gaps() == 3);
}

TEST_CASE("by each policy those go that are the furthest behind, and others miss nothing") {
    for (const auto past : {overflow_policy::drop_newest, overflow_policy::drop_oldest,
             overflow_policy::conflate, overflow_policy::conflate_always, overflow_policy::signal,
             overflow_policy::disconnect}) {
        CAPTURE(static_cast<int>(past));
        context test;
        manager events{test.io.get_executor(), limited(past)};
        reader stalled{events, "t"};
        reader prompt{events, "t"};
        reader late{events, "t"};
        constexpr std::uint64_t published = 1'000;
        for (std::uint64_t i = 0; i < published; ++i) {
            const auto id = events.publish("t", payload(), {.key = std::to_string(i % 500)});
            for (reader* const each : {&stalled, &prompt, &late}) {
                each->expect(id);
            }
            CHECK(events.stats().memory <= most);
            prompt.read(test);
            if (i % 20 == 0) {
                late.read(test);
            }
        }
        late.read(test);
        for (const reader* const each : {&prompt, &late}) {
            CHECK(each->has_all());
            CHECK(each->events() == published);
        }
        CHECK(events.stats().dropped == stalled.source().dropped());
        switch (past) {
        case overflow_policy::drop_newest:
        case overflow_policy::drop_oldest:
            stalled.read(test);
            CHECK(stalled.has_all());
            CHECK(stalled.events() + stalled.lost() == published);
            CHECK(stalled.lost() == stalled.source().dropped());
            CHECK(stalled.lost() == dropped(events, drop_reason::memory));
            CHECK(stalled.events() > 0);
            break;
        case overflow_policy::conflate:
        case overflow_policy::conflate_always: {
            std::uint64_t told = 0;
            const auto read = crier::test::read_events(test, stalled.source());
            for (const received& each : read) {
                told += each.type == "crier.gap" ? count_of(each.data) : 1;
            }
            CHECK(told + dropped(events, drop_reason::conflated) == published);
            break;
        }
        case overflow_policy::signal: {
            const auto read = crier::test::read_events(test, stalled.source());
            REQUIRE(!read.empty());
            CHECK(read.front().type == "crier.signal");
            CHECK(read.size() - 1 + dropped(events, drop_reason::signalled) == published);
            break;
        }
        case overflow_policy::disconnect:
            while (stalled.source().try_receive()) {
            }
            CHECK(end_of(test, stalled.source()) == crier::errc::overflow);
            break;
        }
    }
}

TEST_CASE("what one signal is to stand for may be one large event for each of many") {
    context test;
    manager events{test.io.get_executor(), limited(overflow_policy::signal)};
    std::vector<subscription> stalled;
    for (int i = 0; i < 10; ++i) {
        stalled.push_back(events.subscribe(std::to_string(i)));
        test.run();
        events.publish(std::to_string(i), payload(limit / 4));
        test.run();
        CHECK(events.stats().memory <= most);
    }
    for (subscription& each : stalled) {
        CHECK(crier::test::read_events(test, each).size() == 1);
    }
    CHECK(dropped(events, drop_reason::signalled) > 0);
    CHECK(dropped(events, drop_reason::memory) == 0);
}

TEST_CASE("frames that a user holds count, and looking for room ends where there is none") {
    for (const auto past : {overflow_policy::drop_newest, overflow_policy::drop_oldest,
             overflow_policy::conflate, overflow_policy::conflate_always, overflow_policy::signal,
             overflow_policy::disconnect}) {
        CAPTURE(static_cast<int>(past));
        context test;
        manager events{test.io.get_executor(), limited(past)};
        subscription taking = events.subscribe("t");
        subscription stalled = events.subscribe("t");
        std::vector<crier::frame> held;
        for (int i = 0; i < 400; ++i) {
            REQUIRE(events.publish("t", payload()));
            test.run();
            while (auto next = taking.try_receive()) {
                held.push_back(std::move(*next));
            }
            REQUIRE(events.stats().memory <= most);
        }
        test.run();
        CHECK(events.stats().memory > limit);
        const auto refused = events.stats().dropped;
        held.clear();
        while (stalled.try_receive()) {
        }
        CHECK(events.stats().memory < limit / 16);
        REQUIRE(events.publish("t", payload()));
        test.run();
        CHECK(crier::test::read_events(test, taking).back().data == payload());
        CHECK(events.stats().dropped <= refused + 1);
    }
}

TEST_CASE("a publisher that lets nobody run stays within the limit, and all are told") {
    context test;
    manager events{test.io.get_executor(), keeping()};
    asio::io_context other{1};
    std::deque<reader> all;
    std::map<std::string, std::vector<reader*>> of;
    texts names;
    for (int i = 0; i < 40; ++i) {
        names.push_back((i % 2 == 0 ? "kept " : "") + std::to_string(i));
        of[names.back()].push_back(&all.emplace_back(events, names.back()));
        of[names.back()].push_back(&all.emplace_back(
            events, names.back(), subscribe_options{.executor = other.get_executor()}));
    }
    reader& both =
        all.emplace_back(events.subscribe(topics(names), {.executor = other.get_executor()}));
    std::mt19937 random{3};
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 5'000; ++i) {
            // Small ones find room where large ones do not.
            const std::string& topic = names[random() % names.size()];
            const std::size_t size = round == 0        ? 1'000
                                   : random() % 3 == 0 ? 10
                                                       : random() % 30'000;
            const auto id = events.publish(topic, payload(size));
            for (reader* const each : of[topic]) {
                each->expect(id);
            }
            both.expect(id);
            REQUIRE(events.stats().memory <= most);
        }
        test.run();
        other.restart();
        other.poll();
        for (reader& each : all) {
            each.read();
            CHECK(each.has_all());
        }
        CHECK(both.events() > 0);
        CHECK(both.lost() > 0);
    }
    std::uint64_t lost = 0;
    for (const reader& each : all) {
        lost += each.lost();
    }
    CHECK(events.stats().dropped == lost);
    CHECK(dropped(events, drop_reason::memory) == lost);
}

TEST_CASE("a gap stands where the events were, also between those of other topics") {
    context test;
    manager events{test.io.get_executor(), limited()};
    reader both{events.subscribe(topics({"large", "small"}))};
    for (int i = 0; i < 10; ++i) {
        both.expect(events.publish("large", payload(limit * 2)));
        both.expect(events.publish("small", "here"));
    }
    both.read(test);
    CHECK(both.has_all());
    CHECK(both.events() == 10);
    CHECK(both.gaps() == 10);
}

TEST_CASE("a reader of the past that stalls is one of those that are behind") {
    context test;
    manager events{test.io.get_executor(), keeping()};
    const auto first = *events.publish("kept", "first");
    for (int i = 0; i < 120; ++i) {
        events.publish("kept", payload());
    }
    // They stall with a piece of the past, half of their queue, before they join the present.
    constexpr std::size_t piece = 50;
    std::vector<subscription> stalled;
    for (int i = 0; i < 3; ++i) {
        stalled.push_back(events.subscribe(
            "kept", {.queue = queue_limits{2 * piece, limit}, .last_event_id = to_string(first)}));
        test.run();
        CHECK(stalled.back().try_receive());
    }
    reader prompt{events, "other"};
    subscription later = events.subscribe("other");
    for (int i = 0; i < 500; ++i) {
        prompt.expect(events.publish("other", payload()));
        prompt.read(test);
        CHECK((later.dropped() == 0 || stalled.back().dropped() > 0));
        REQUIRE(events.stats().memory <= most);
    }
    CHECK(prompt.has_all());
    CHECK(prompt.events() == 500);
    for (subscription& each : stalled) {
        CHECK(each.dropped() == piece - 1);
        const auto told = each.try_receive();
        REQUIRE(told);
        CHECK(event_reader{told->text()}.events.front().type == "crier.gap");
    }
}

TEST_CASE("who is disconnected is not told of what is refused after it, and comes back before it") {
    context test;
    manager_options options = limited();
    options.rules.push_back({.matches = crier::exactly("t"),
        .history = {.events = 100, .age = {}},
        .queue = queue_limits{3, limit, overflow_policy::disconnect}});
    manager events{test.io.get_executor(), options};
    subscription slow = events.subscribe("t");
    const auto first = *events.publish("t", "1");
    CHECK(read_all(test, slow) == texts{"1"});
    for (int i = 2; i <= 6; ++i) {
        events.publish("t", i);
    }
    events.publish("t", payload(limit * 2));
    CHECK(read_all(test, slow).empty());
    CHECK(end_of(test, slow) == crier::errc::overflow);
    subscription back = events.subscribe("t", {.last_event_id = to_string(first)});
    CHECK(read_all(test, back) == texts{"gap evicted"});
}

TEST_CASE("who is disconnected while it reads back does not go on past what it missed") {
    context test;
    manager events{test.io.get_executor(), keeping()};
    const auto first = *events.publish("kept", "first");
    for (int i = 0; i < 20; ++i) {
        events.publish("kept", i);
    }
    subscription stalled =
        events.subscribe("kept", {.queue = queue_limits{10, limit, overflow_policy::disconnect},
                                     .last_event_id = to_string(first)});
    const subscription other = events.subscribe("other");
    CHECK(stalled.try_receive()->text().find("data: 0\n") != std::string_view::npos);
    // Nothing of it is kept, so that it is the subscribers who have to make room.
    for (int i = 0; i < 300 && stalled.dropped() == 0; ++i) {
        events.publish("other", payload());
        test.run();
    }
    REQUIRE(stalled.dropped() > 0);
    CHECK(read_all(test, stalled).empty());
    CHECK(end_of(test, stalled) == crier::errc::overflow);
}

TEST_CASE("those who stand still on executors of their own do not take from others") {
    context test;
    manager events{test.io.get_executor(), limited()};
    asio::io_context second{1};
    asio::io_context third{1};
    const auto run = [&](asio::io_context& io) {
        io.restart();
        io.poll();
    };
    std::deque<reader> stalled;
    std::deque<reader> prompt;
    for (const auto& on : {asio::any_io_executor{}, asio::any_io_executor{second.get_executor()},
             asio::any_io_executor{third.get_executor()}}) {
        stalled.emplace_back(events, "t", subscribe_options{.executor = on});
        prompt.emplace_back(events, "t", subscribe_options{.executor = on});
    }
    for (int i = 0; i < 2'000; ++i) {
        const auto id = events.publish("t", payload());
        for (auto* const group : {&stalled, &prompt}) {
            for (reader& each : *group) {
                each.expect(id);
            }
        }
        test.run();
        run(second);
        if (i % 3 == 0) {
            run(third);
        }
        for (reader& each : prompt) {
            each.read();
        }
        REQUIRE(events.stats().memory <= most);
    }
    run(third);
    test.run();
    for (reader& each : prompt) {
        each.read();
        CHECK(each.has_all());
        CHECK(each.lost() == 0);
    }
    for (reader& each : stalled) {
        each.read();
        CHECK(each.has_all());
        CHECK(each.lost() > 1'000);
    }
}

TEST_CASE("an executor that does not run at all does not take from others") {
    context test;
    manager events{test.io.get_executor(), limited()};
    asio::io_context stopped{1};
    reader stuck{events, "t", {.executor = stopped.get_executor()}};
    reader stalled{events, "t"};
    reader prompt{events, "t"};
    for (int i = 0; i < 2'000; ++i) {
        const auto id = events.publish("t", payload());
        for (reader* const each : {&stuck, &stalled, &prompt}) {
            each->expect(id);
        }
        prompt.read(test);
        REQUIRE(events.stats().memory <= most);
    }
    CHECK(prompt.has_all());
    CHECK(prompt.lost() == 0);
    stalled.read(test);
    CHECK(stalled.has_all());
    stopped.poll();
    stuck.read();
    CHECK(stuck.has_all());
    CHECK(stuck.lost() > 1'000);
}

TEST_CASE("the memory is given back when those leave for whom it was held") {
    context test;
    manager events{test.io.get_executor(), keeping()};
    {
        std::vector<subscription> all;
        for (int i = 0; i < 10; ++i) {
            all.push_back(events.subscribe(i % 2 == 0 ? "t" : "kept"));
        }
        for (int i = 0; i < 500; ++i) {
            events.publish("t", payload());
            events.publish("kept", payload());
            if (i % 50 == 0) {
                test.run();
            }
        }
        CHECK(events.stats().memory > limit / 2);
    }
    test.run();
    const auto stats = events.stats();
    REQUIRE(stats.topics.size() <= 1);
    if (stats.topics.empty()) {
        CHECK(stats.memory == 0);
    }
    events.shutdown();
    test.run();
    CHECK(events.stats().memory == 0);
}

TEST_CASE("an event that is sent on change only is sent again after it found no room") {
    context test;
    manager events{test.io.get_executor(), limited()};
    subscription mine = events.subscribe("t");
    subscription keeping = events.subscribe("t");
    test.run();
    std::vector<crier::frame> held;
    while (events.stats().memory <= limit) {
        events.publish("t", payload());
        test.run();
        held.push_back(*keeping.try_receive());
    }
    for (int i = 0; i < 20; ++i) {
        events.publish("t", payload(900), {.only_changes = false});
    }
    events.publish("t", payload(901), {.only_changes = true});
    crier::test::read_all(test, mine);
    crier::test::read_all(test, keeping);
    held.clear();
    events.publish("t", payload(901), {.only_changes = true});
    CHECK(crier::test::read_all(test, mine) == texts{payload(901)});
}

TEST_CASE("on several threads, those who keep reading get everything") {
    manager_options options = limited();
    options.memory_limit = 2'000'000;
    asio::thread_pool pool{3};
    manager events{pool.get_executor(), options};
    constexpr std::uint64_t published = 20'000;
    std::deque<reader> stalled;
    std::deque<std::atomic<std::uint64_t>> progress(4);
    std::vector<std::future<void>> ended;
    const auto keep_up = [](subscription from, std::atomic<std::uint64_t>& read,
                             std::uint64_t until) -> asio::awaitable<void> {
        while (read < until) {
            const crier::frame next = co_await from.async_receive();
            if (next.text().find("crier.gap") != std::string_view::npos) {
                throw std::runtime_error{std::string{next.text()}};
            }
            ++read;
        }
    };
    std::vector<asio::any_io_executor> strands;
    for (std::size_t i = 0; i < progress.size(); ++i) {
        strands.emplace_back(asio::make_strand(pool));
        stalled.emplace_back(events, "t", subscribe_options{.executor = strands.back()});
        ended.push_back(asio::co_spawn(strands.back(),
            keep_up(events.subscribe("t", {.executor = strands.back()}), progress[i], published),
            asio::use_future));
    }
    std::size_t peak = 0;
    for (std::uint64_t i = 0; i < published; ++i) {
        const auto id = events.publish("t", payload());
        for (reader& each : stalled) {
            each.expect(id);
        }
        peak = std::max(peak, events.stats().memory);
        const auto slowest = [&] {
            return std::ranges::min_element(progress, {}, [](const auto& each) {
                return each.load();
            })->load();
        };
        // Far less than the limit: those who keep up are never the furthest behind.
        while (i > slowest() + 20) {
            const bool failed = std::ranges::any_of(ended, [](const std::future<void>& each) {
                return each.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
            });
            REQUIRE_FALSE(failed);
            std::this_thread::yield();
        }
    }
    for (std::future<void>& each : ended) {
        each.get();
    }
    pool.join();
    CHECK(peak <= options.memory_limit + options.memory_limit / 16);
    for (reader& each : stalled) {
        each.read();
        CHECK(each.has_all());
        CHECK(each.lost() > published / 2);
    }
}
