#include <crier/pubsub/manager.hpp>

#include "support/eventually.hpp"
#include "support/shared_engine.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using crier::errc;
using crier::event;
using crier::event_id;
using crier::event_view;
using crier::journal_listener;
using crier::journal_state;
using crier::manager;
using crier::manager_options;
using crier::retention;
using crier::subscribe_options;
using crier::subscription;
using crier::test::context;
using crier::test::eventually;
using crier::test::node_journal;
using crier::test::read_all;
using crier::test::read_next;
using crier::test::shared_engine;
using namespace std::chrono_literals;
using boost::system::error_code;
using texts = std::vector<std::string>;

namespace {

struct node {
    std::shared_ptr<node_journal> journal;
    std::optional<manager> events;

    manager* operator->() { return &*events; }
};

/// Two programs that share an engine.
struct cluster {
    shared_engine engine; // whose journals what is left on the context may still have
    context test;
    node a;
    node b;

    cluster() {
        begin(a);
        begin(b);
    }

    ~cluster() {
        // Nobody lets anything arrive any more.
        for (node* const each : {&a, &b}) {
            each->journal->is_held = false;
            each->journal->bring_all();
        }
    }

    void begin(node& one) {
        manager_options options;
        one.journal = std::make_shared<node_journal>(engine);
        options.journal = one.journal;
        options.log = [](crier::severity, std::string_view) {};
        options.rules.push_back(
            {.matches = crier::starting_with("kept"), .history = {.events = 3}});
        options.rules.push_back({.matches = crier::exactly("newest"), .retain = retention::newest});
        options.rules.push_back(
            {.matches = crier::exactly("state"), .retain = retention::newest_per_key});
        one.events.emplace(test.io.get_executor(), options);
    }

    void step() {
        while (a.journal->bring_one() || b.journal->bring_one()) {
        }
        test.run();
    }

    template <class Condition>
    bool until(Condition holds) {
        return eventually([this] { step(); }, holds);
    }

    /// Until all that was published has arrived everywhere, and was read by nobody.
    bool settle() {
        return until([this] {
            return a->stats().journal->waiting.events == 0 &&
                   b->stats().journal->waiting.events == 0 &&
                   (a.journal->is_held || a.journal->waiting() == 0) &&
                   (b.journal->is_held || b.journal->waiting() == 0);
        });
    }

    texts read(subscription& from) {
        CHECK(settle());
        texts all;
        until([&] {
            const texts more = read_all(test, from);
            all.insert(all.end(), more.begin(), more.end());
            return more.empty();
        });
        return all;
    }

    /// The next so many events.
    texts read(subscription& from, std::size_t most) {
        return read_next(test, from, most, [this] { step(); });
    }

    /// Whether a subscriber of that node that comes back with the id gets just that.
    bool resumes(node& at, std::vector<std::string> names, const std::string& last_event_id,
        const texts& with) {
        std::vector<crier::topic_options> topics;
        for (std::string& each : names) {
            topics.push_back({.name = std::move(each)});
        }
        subscription from =
            at->subscribe(std::move(topics), subscribe_options{.last_event_id = last_event_id});
        texts all = read(from, with.size());
        for (int i = 0; i < 3; ++i) { // and nothing more
            std::this_thread::sleep_for(5ms);
            const texts more = read(from);
            all.insert(all.end(), more.begin(), more.end());
        }
        return all == with;
    }

    std::string id(std::uint64_t number) const { return to_string(event_id{7, number}); }
};

} // namespace

TEST_CASE("what one node publishes reaches the subscribers of all, under one id") {
    cluster all;
    subscription at_a = all.a->subscribe("kept");
    subscription at_b = all.b->subscribe("kept");
    CHECK(all.read(at_b).empty()); // they are followed
    std::optional<event_id> acknowledged;
    all.a->async_publish("kept", event_view{"1"}, {}, [&](error_code error, event_id id) {
        CHECK(!error);
        acknowledged = id;
    });
    const auto second = all.b->publish("kept", "2");
    REQUIRE(second);
    CHECK(second->sequence == 0); // not known yet
    CHECK(second->epoch == 7);
    REQUIRE(all.settle());
    const auto seen_at_a = crier::test::read_events(all.test, at_a);
    const auto seen_at_b = crier::test::read_events(all.test, at_b);
    REQUIRE(seen_at_a.size() == 2);
    REQUIRE(seen_at_b.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(seen_at_a[i].id == seen_at_b[i].id);
        CHECK(seen_at_a[i].data == seen_at_b[i].data);
    }
    REQUIRE(acknowledged);
    CHECK(
        (seen_at_a[0].data == "1" ? seen_at_a[0].id : seen_at_a[1].id) == to_string(*acknowledged));
}

TEST_CASE("a topic without a history is shared, too") {
    cluster all;
    subscription from = all.b->subscribe("plain");
    CHECK(all.read(from).empty()); // it is followed
    CHECK(all.a->publish("plain", "x"));
    CHECK(all.read(from) == texts{"x"});
}

TEST_CASE("what is published right after subscribing is not missed") {
    cluster all;
    for (int i = 0; i < 20; ++i) {
        const std::string topic = "plain" + std::to_string(i);
        subscription from = all.a->subscribe(topic);
        CHECK(all.a->publish(topic, "x"));
        CHECK(all.read(from) == texts{"x"});
    }
}

TEST_CASE("who reads a topic that is followed and one that is not begins with both at once") {
    cluster all;
    subscription one = all.b->subscribe("kept1");
    CHECK(all.read(one).empty());
    all.b.journal->is_away = true;
    subscription both = all.b->subscribe(crier::test::topics({"kept1", "kept2"}));
    CHECK(all.a->publish("kept1", "1"));
    CHECK(all.a->publish("kept2", "2"));
    CHECK(all.read(one, 1) == texts{"1"});
    CHECK(all.a->publish("kept1", "3"));
    CHECK(all.read(one, 1) == texts{"3"});
    all.b.journal->is_away = false;
    CHECK(all.settle());
    CHECK(all.a->publish("kept2", "4"));
    // From the first event that it gets, it gets all.
    const texts seen = all.read(both);
    CHECK((seen == texts{"4"} || seen == texts{"3", "4"}));
}

TEST_CASE("a topic is followed from its first subscriber to its last") {
    cluster all;
    CHECK(all.a->publish("plain", "x"));
    REQUIRE(all.settle());
    CHECK(!all.a.journal->follows("plain"));
    {
        subscription from = all.a->subscribe("plain");
        CHECK(all.until([&] { return all.a.journal->follows("plain"); }));
    }
    CHECK(all.until([&] { return !all.a.journal->follows("plain"); }));
    subscription again = all.a->subscribe("plain");
    CHECK(all.a->publish("plain", "y"));
    CHECK(all.read(again) == texts{"y"});
}

TEST_CASE("a client comes back at another node and gets what it has missed, once") {
    cluster all;
    for (int i = 1; i <= 8; ++i) {
        CHECK(all.a->publish("kept", std::to_string(i)));
    }
    REQUIRE(all.settle());
    CHECK(all.resumes(all.b, {"kept"}, all.id(2), texts{"3", "4", "5", "6", "7", "8"}));
    CHECK(all.resumes(all.b, {"kept"}, all.id(8), {}));
    CHECK(all.resumes(all.b, {"kept", "plain"}, all.id(7), texts{"8"}));
}

TEST_CASE("a client that has been further than its node gets nothing twice") {
    cluster all;
    subscription follows = all.b->subscribe("kept");
    CHECK(all.read(follows).empty());
    all.b.journal->is_held = true;
    for (int i = 1; i <= 4; ++i) {
        CHECK(all.a->publish("kept", std::to_string(i)));
    }
    REQUIRE(all.settle());
    subscription back = all.b->subscribe("kept", subscribe_options{.last_event_id = all.id(3)});
    CHECK(all.read(back).empty());
    std::this_thread::sleep_for(20ms);
    CHECK(all.read(back).empty());
    all.b.journal->is_held = false;
    CHECK(all.read(back) == texts{"4"});
    CHECK(all.read(follows) == texts{"1", "2", "3", "4"});
}

TEST_CASE("a client that has been further than its node waits for what the engine says") {
    cluster all;
    subscription follows = all.b->subscribe("kept");
    CHECK(all.read(follows).empty());
    all.b.journal->is_held = true;
    for (const char* text : {"1", "2"}) {
        CHECK(all.a->publish("kept", text));
    }
    REQUIRE(all.settle());
    all.b.journal->hides_newest = true;
    subscription back = all.b->subscribe("kept", subscribe_options{.last_event_id = all.id(2)});
    for (int looks = 0; looks < 3; ++looks) {
        CHECK(read_all(all.test, back).empty());
    }
    all.b.journal->hides_newest = false;
    all.b.journal->is_held = false;
    CHECK(all.a->publish("kept", "3"));
    CHECK(all.read(back, 1) == texts{"3"});
}

TEST_CASE("an id that the engine has not given is told as a gap of the future") {
    cluster all;
    CHECK(all.a->publish("kept", "1"));
    REQUIRE(all.settle());
    CHECK(all.resumes(all.b, {"kept"}, all.id(99), {"gap future", "1"}));
}

TEST_CASE("of what the engine has removed, a gap is told") {
    cluster all;
    for (int i = 1; i <= 5; ++i) {
        CHECK(all.a->publish("kept", std::to_string(i)));
    }
    REQUIRE(all.settle());
    {
        const std::lock_guard lock{all.engine.mutex};
        all.engine.removed_through = 3;
    }
    CHECK(all.resumes(all.b, {"kept"}, all.id(1), texts{"gap evicted", "4", "5"}));
}

TEST_CASE("a topic without a history tells what was missed before it was followed") {
    cluster all;
    CHECK(all.a->publish("plain", "1"));
    CHECK(all.a->publish("plain", "2"));
    REQUIRE(all.settle());
    CHECK(all.resumes(all.b, {"plain"}, all.id(1), texts{"gap evicted"}));
    CHECK(all.resumes(all.b, {"plain"}, all.id(2), {}));
}

TEST_CASE("the newest event that a topic retains is read from the engine") {
    cluster all;
    CHECK(all.a->publish("newest", "1"));
    CHECK(all.a->publish("newest", "2"));
    REQUIRE(all.settle());
    subscription from = all.b->subscribe("newest");
    CHECK(all.read(from, 1) == texts{"2"});
    CHECK(all.b->publish("newest", "3"));
    CHECK(all.read(from, 1) == texts{"3"});
    subscription later = all.b->subscribe("newest");
    CHECK(all.read(later, 1) == texts{"3"});
}

TEST_CASE("the newest event of each key is read from the engine") {
    cluster all;
    CHECK(all.a->publish("state", "1", {.key = "x"}));
    CHECK(all.a->publish("state", "2", {.key = "y"}));
    CHECK(all.a->publish("state", "3", {.key = "x"}));
    REQUIRE(all.settle());
    subscription from = all.b->subscribe("state");
    CHECK(all.read(from, 2) == texts{"2", "3"});
}

TEST_CASE("what arrives late is in order for its topic, and a gap for who has read on") {
    cluster all;
    subscription one = all.b->subscribe("kept1");
    subscription both = all.b->subscribe(crier::test::topics({"kept1", "kept2"}));
    CHECK(all.read(both).empty());
    all.b.journal->is_held = true;
    CHECK(all.a->publish("kept1", "late"));
    CHECK(all.a->publish("kept2", "other"));
    REQUIRE(all.settle());
    const auto late = all.b.journal->take_next();
    all.b.journal->is_held = false;
    CHECK(all.read(both) == texts{"other"});
    all.b.journal->tell(late);
    CHECK(all.read(one) == texts{"late"});
    CHECK(all.read(both) == texts{"gap overflow 1"});
    CHECK(all.a->publish("kept1", "next"));
    CHECK(all.read(one) == texts{"next"});
    CHECK(all.read(both) == texts{"next"});
}

TEST_CASE("what arrives late is a gap for who has read back past it") {
    cluster all;
    subscription live = all.b->subscribe(crier::test::topics({"kept1", "kept2"}));
    CHECK(all.read(live).empty());
    CHECK(all.a->publish("kept2", "1"));
    CHECK(all.read(live) == texts{"1"});
    all.b.journal->is_held = true;
    CHECK(all.a->publish("kept1", "late"));
    for (const char* const each : {"3", "4", "5"}) {
        CHECK(all.a->publish("kept2", each));
    }
    REQUIRE(all.settle());
    const auto late = all.b.journal->take_next();
    all.b.journal->is_held = false;
    CHECK(all.read(live) == texts{"3", "4", "5"});
    subscription back = all.b->subscribe(crier::test::topics({"kept1", "kept2"}),
        subscribe_options{.queue = crier::queue_limits{.events = 2}, .last_event_id = all.id(1)});
    REQUIRE(all.until([&] { return back.try_receive().has_value(); })); // and no more
    all.b.journal->tell(late);
    texts rest = all.read(back);
    CHECK(std::erase(rest, "gap overflow 1") == 1);
    CHECK(rest == texts{"4", "5"});
    CHECK(all.a->publish("kept1", "next"));
    CHECK(all.read(back) == texts{"next"});
}

TEST_CASE("who has an event from another node does not get it again where it arrives late") {
    cluster all;
    subscription live = all.b->subscribe(crier::test::topics({"kept1", "kept2"}));
    CHECK(all.read(live).empty());
    all.b.journal->is_held = true;
    CHECK(all.a->publish("kept1", "late"));
    CHECK(all.a->publish("kept2", "2"));
    REQUIRE(all.settle());
    const auto late = all.b.journal->take_next();
    all.b.journal->is_held = false;
    CHECK(all.read(live) == texts{"2"});
    subscription back = all.b->subscribe("kept1", subscribe_options{.last_event_id = all.id(1)});
    CHECK(all.read(back).empty());
    all.b.journal->tell(late);
    CHECK(all.read(back).empty());
    CHECK(all.a->publish("kept1", "next"));
    CHECK(all.read(back) == texts{"next"});
}

TEST_CASE("what is not to be had any more is told as a gap") {
    cluster all;
    subscription from = all.b->subscribe("kept");
    CHECK(all.read(from).empty());
    all.b.journal->is_held = true;
    CHECK(all.a->publish("kept", "lost"));
    CHECK(all.a->publish("kept", "next"));
    REQUIRE(all.settle());
    static_cast<void>(all.b.journal->take_next());
    all.b.journal->tell([](journal_listener& to) { to.missed("kept", 0, 1); });
    all.b.journal->is_held = false;
    CHECK(all.read(from) == texts{"gap overflow 1", "next"});
}

TEST_CASE("an entry that arrives twice is delivered once") {
    cluster all;
    subscription from = all.b->subscribe("kept");
    CHECK(all.read(from).empty());
    CHECK(all.a->publish("kept", "1"));
    CHECK(all.read(from) == texts{"1"});
    all.b.journal->tell(
        [](journal_listener& to) { to.arrived("kept", {.sequence = 1, .text = "data: 1\n\n"}); });
    CHECK(all.read(from).empty());
}

TEST_CASE("while the engine is away, what is published waits, and is sent once") {
    cluster all;
    subscription from = all.b->subscribe("kept");
    CHECK(all.read(from).empty());
    {
        const std::lock_guard lock{all.engine.mutex};
        all.engine.is_away = true;
    }
    int acknowledged = 0;
    for (int i = 1; i <= 3; ++i) {
        all.a->async_publish("kept", event_view{std::to_string(i)}, {},
            [&](error_code error, event_id) { acknowledged += error ? 0 : 1; });
    }
    CHECK(all.until([&] { return all.a->stats().journal->state == journal_state::unavailable; }));
    CHECK(all.a->stats().journal->away_since);
    CHECK(all.a->stats().journal->waiting.events == 3);
    CHECK(acknowledged == 0);
    {
        const std::lock_guard lock{all.engine.mutex};
        all.engine.is_away = false;
    }
    CHECK(all.read(from) == texts{"1", "2", "3"});
    CHECK(all.until([&] { return acknowledged == 3; }));
    CHECK(all.a->stats().journal->state == journal_state::connected);
}

TEST_CASE("what the engine refuses is told, and never appears") {
    cluster all;
    subscription from = all.b->subscribe("kept");
    CHECK(all.read(from).empty());
    {
        const std::lock_guard lock{all.engine.mutex};
        all.engine.refusal = make_error_code(boost::system::errc::message_size);
    }
    error_code told;
    all.a->async_publish(
        "kept", event_view{"1"}, {}, [&](error_code error, event_id) { told = error; });
    CHECK(all.until([&] { return told.failed(); }));
    CHECK(told == boost::system::errc::message_size);
    {
        const std::lock_guard lock{all.engine.mutex};
        all.engine.refusal = {};
    }
    CHECK(all.a->publish("kept", "2"));
    CHECK(all.read(from) == texts{"2"});
}

TEST_CASE("streams end on all nodes after what was published before") {
    cluster all;
    subscription at_a = all.a->subscribe("kept");
    subscription at_b = all.b->subscribe("kept");
    CHECK(all.read(at_b).empty());
    CHECK(all.a->publish("kept", "last"));
    all.a->end_streams("kept");
    CHECK(all.read(at_a) == texts{"last"});
    CHECK(all.read(at_b) == texts{"last"});
    CHECK(crier::test::end_of(all.test, at_a) == errc::closed);
    CHECK(crier::test::end_of(all.test, at_b) == errc::closed);
}

TEST_CASE("a topic is closed on all nodes that have it, and on the one that closes it") {
    cluster all;
    subscription at_b = all.b->subscribe("kept");
    CHECK(all.read(at_b).empty());
    CHECK(all.a->publish("kept", "last"));
    all.a->close_topic("kept");
    CHECK(all.read(at_b) == texts{"last"});
    CHECK(crier::test::end_of(all.test, at_b) == errc::closed);
    CHECK_THROWS(all.a->subscribe("kept"));
    CHECK_THROWS(all.b->subscribe("kept"));
}

TEST_CASE("what is forgotten is forgotten on all nodes") {
    cluster all;
    subscription at_b = all.b->subscribe("state");
    CHECK(all.read(at_b).empty());
    CHECK(all.a->publish("state", "1", {.key = "x"}));
    CHECK(all.a->publish("state", "2", {.key = "y"}));
    CHECK(all.read(at_b, 2) == texts{"1", "2"});
    all.a->forget("state", "x");
    REQUIRE(all.settle());
    subscription anew = all.b->subscribe("state");
    CHECK(all.read(anew, 1) == texts{"2"});
}

TEST_CASE("equal values are told once, whichever node publishes them") {
    cluster all;
    subscription from = all.b->subscribe("kept");
    CHECK(all.read(from).empty());
    CHECK(all.a->publish("kept", "1", {.only_changes = true}));
    CHECK(all.a->publish("kept", "1", {.only_changes = true}));
    CHECK(all.read(from) == texts{"1"});
    CHECK(all.b->publish("kept", "1", {.only_changes = true}));
    CHECK(all.read(from).empty());
    CHECK(all.a->publish("kept", "2", {.only_changes = true}));
    CHECK(all.read(from) == texts{"2"});
}

TEST_CASE("an id of the publisher's own is kept, and resumed after at any node") {
    cluster all;
    CHECK(all.a->publish("kept", event{.data = "1", .id = "mine"}));
    CHECK(all.a->publish("kept", "2"));
    REQUIRE(all.settle());
    CHECK(all.resumes(all.b, {"kept"}, "mine", texts{"2"}));
}

TEST_CASE("a shutdown delivers what was published before") {
    cluster all;
    subscription from = all.a->subscribe("kept");
    CHECK(all.read(from).empty());
    CHECK(all.a->publish("kept", "last"));
    all.a->shutdown();
    CHECK(all.read(from, 1) == texts{"last"});
    CHECK(all.until([&] { return crier::test::end_of(all.test, from) == errc::closed; }));
}

TEST_CASE("a shutdown does not wait for an engine that is away") {
    cluster all;
    {
        const std::lock_guard lock{all.engine.mutex};
        all.engine.is_away = true;
    }
    subscription waits = all.a->subscribe("kept");
    error_code told;
    all.a->async_publish(
        "kept", event_view{"1"}, {}, [&](error_code error, event_id) { told = error; });
    all.test.run();
    all.a.events.reset();
    CHECK(all.until([&] { return told == errc::journal_unanswered; }));
    CHECK(crier::test::end_of(all.test, waits) == errc::closed);
    all.begin(all.a); // for who looks at all nodes
}
