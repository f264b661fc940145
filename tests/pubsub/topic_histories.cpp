#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "support/read_all.hpp"

#include <boost/json/parse.hpp>

#include <string>
#include <vector>

using crier::event;
using crier::manager;
using crier::manager_options;
using crier::starting_with;
using crier::subscription;
using crier::topic_options;
using crier::test::context;
using crier::test::read_all;
using crier::test::read_events;
using crier::test::topics;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

manager_options keeping(
    std::size_t events, std::chrono::milliseconds age = std::chrono::milliseconds::max()) {
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.rules.push_back({.matches = starting_with(""),
        .history = {.events = events, .bytes = 1'000'000, .age = age}});
    return options;
}

subscription resumed(manager& events, const std::string& last_event_id,
    std::initializer_list<const char*> names = {"a"}) {
    return events.subscribe(topics(names), {.last_event_id = last_event_id});
}

std::string id_of(const boost::system::result<crier::event_id>& published) {
    return to_string(*published);
}

} // namespace

TEST_CASE("every event carries its id, which rises over all topics") {
    context test;
    manager events{test.io.get_executor()};
    subscription mine = events.subscribe(topics({"a", "b"}));
    const std::string first = id_of(events.publish("a", "1"));
    const std::string second = id_of(events.publish("b", event{.data = "2", .id = "own"}));
    const std::string third = id_of(events.publish("a", 3));
    const auto read = read_events(test, mine);
    REQUIRE(read.size() == 3);
    CHECK(read[0].id == first);
    CHECK(read[1].id == "own");
    CHECK(read[2].id == third);
    CHECK(second < third);
}

TEST_CASE("an id is right also where its number becomes longer") {
    context test;
    manager events{test.io.get_executor()};
    subscription mine = events.subscribe("a", {.queue = crier::queue_limits{2000, 1'000'000}});
    std::vector<std::string> ids;
    for (int i = 0; i < 1500; ++i) {
        ids.push_back(id_of(events.publish("a", i)));
    }
    const auto read = read_events(test, mine);
    REQUIRE(read.size() == 1500);
    for (std::size_t i = 0; i < read.size(); ++i) {
        CHECK(read[i].id == ids[i]);
        CHECK(read[i].data == std::to_string(i));
    }
}

TEST_CASE("without ids the stream is as it was published") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    subscription mine = events.subscribe("a");
    const std::string id = id_of(events.publish("a", "1"));
    test.run();
    CHECK(mine.try_receive()->text() == "data: 1\n\n");
    subscription again = resumed(events, id);
    events.publish("a", "2");
    CHECK(read_all(test, again) == texts{"2"});
}

TEST_CASE("a client that comes back gets every event that it missed, once, and then what follows") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    const std::string first = id_of(events.publish("a", "1"));
    events.publish("a", "2");
    events.publish("other", "x");
    events.publish("a", "3");
    subscription back = resumed(events, first);
    events.publish("a", "4");
    CHECK(read_all(test, back) == texts{"2", "3", "4"});
    events.publish("a", "5");
    CHECK(read_all(test, back) == texts{"5"});
    CHECK(events.stats().resumed == 1);
}

TEST_CASE("one id resumes a stream of many topics in the order of their events") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    const std::string first = id_of(events.publish("a", "1"));
    for (int i = 2; i < 20; ++i) {
        events.publish(std::string{"abc"[i % 3]}, i);
    }
    subscription back = resumed(events, first, {"c", "a", "b"});
    texts expected;
    for (int i = 2; i < 20; ++i) {
        expected.push_back(std::to_string(i));
    }
    CHECK(read_all(test, back) == expected);
}

TEST_CASE("without a cursor a subscriber gets what is published from then on") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    events.publish("a", "1");
    subscription mine = events.subscribe("a");
    events.publish("a", "2");
    CHECK(read_all(test, mine) == texts{"2"});
}

TEST_CASE("what is not kept any more is told once, and the rest follows") {
    context test;
    manager events{test.io.get_executor(), keeping(3)};
    const std::string first = id_of(events.publish("a", "1"));
    for (int i = 2; i <= 9; ++i) {
        events.publish("a", i);
    }
    subscription back = resumed(events, first);
    auto read = read_events(test, back);
    REQUIRE(read.size() == 4);
    CHECK(read[0].type == "crier.gap");
    const std::string epoch = first.substr(0, first.find('.'));
    CHECK(boost::json::parse(read[0].data) ==
          boost::json::parse(
              R"({"reason":"evicted","from":")" + epoch + R"(.2","to":")" + epoch + ".6\"}"));
    CHECK(read[0].id == epoch + ".6");
    CHECK(read[1].data == "7");
    subscription again = resumed(events, read[0].id);
    CHECK(read_all(test, again) == texts{"7", "8", "9"});
    CHECK(events.stats().gaps[static_cast<std::size_t>(crier::gap_reason::evicted)] == 1);
}

TEST_CASE("a cursor of another epoch, of the future, and none at all are told, and all is sent") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    const std::string first = id_of(events.publish("a", "1"));
    events.publish("a", "2");
    for (const auto& [id, reason] : {std::pair<std::string, std::string>{"1.5", "epoch"},
             {first + "zz", "future"}, {"rubbish \xff", "invalid"}}) {
        CAPTURE(id);
        subscription back = resumed(events, id);
        auto read = read_events(test, back);
        REQUIRE(read.size() == 3);
        CHECK(boost::json::parse(read[0].data).at("reason").as_string() == reason.c_str());
        CHECK(read[1].data == "1");
        CHECK(read[2].data == "2");
        subscription again = resumed(events, read[0].id);
        CHECK(read_all(test, again) == texts{"1", "2"});
    }
}

TEST_CASE("without history a client that missed nothing is told nothing, and else of the gap") {
    context test;
    manager events{test.io.get_executor()};
    const subscription other = events.subscribe("a");
    const std::string id = id_of(events.publish("a", "1"));
    events.publish("b", "elsewhere");
    subscription missed_nothing = resumed(events, id);
    CHECK(read_all(test, missed_nothing).empty());
    events.publish("a", "2");
    subscription missed = resumed(events, id);
    CHECK(read_all(test, missed) == texts{"gap evicted"});
    events.publish("a", "3");
    CHECK(read_all(test, missed) == texts{"3"});
}

TEST_CASE("a topic that ended is remembered to have had events") {
    context test;
    manager events{test.io.get_executor()};
    std::string id;
    {
        const subscription only = events.subscribe("a");
        id = id_of(events.publish("a", "1"));
        events.publish("a", "2");
    }
    test.run();
    CHECK(events.stats().topics.empty());
    subscription back = resumed(events, id);
    CHECK(read_all(test, back) == texts{"gap evicted"});
    events.publish("nobody", "x");
    subscription elsewhere = resumed(events, id, {"never published"});
    CHECK(read_all(test, elsewhere).empty());
}

TEST_CASE("a long history is read piece by piece, while more is published") {
    context test;
    manager_options options = keeping(100'000);
    options.queue.events = 10;
    manager events{test.io.get_executor(), options};
    const std::string first = id_of(events.publish("a", 0));
    int published = 1;
    for (; published < 5000; ++published) {
        events.publish("a", published);
    }
    subscription back = resumed(events, first);
    std::string stream;
    while (const auto next = back.try_receive()) {
        stream += next->text();
        CHECK(back.pending() <= 10);
        if (published < 6000) {
            events.publish("a", published++);
        }
        test.run();
    }
    const auto read = crier::test::event_reader{stream}.events;
    REQUIRE(read.size() == 5999);
    for (std::size_t i = 0; i < read.size(); ++i) {
        CHECK(read[i].data == std::to_string(i + 1));
    }
    CHECK(events.stats().dropped == 0);
}

TEST_CASE("what goes from the history before a slow reader comes to it is told there") {
    context test;
    manager_options options = keeping(20);
    options.queue.events = 4;
    manager events{test.io.get_executor(), options};
    const std::string first = id_of(events.publish("a", 1));
    for (int i = 2; i <= 20; ++i) {
        events.publish("a", i);
    }
    subscription back = resumed(events, first);
    CHECK(crier::test::event_reader{back.try_receive()->text()}.events[0].data == "2");
    for (int i = 21; i <= 30; ++i) {
        events.publish("a", i);
    }
    texts expected{"3", "gap evicted"};
    for (int i = 11; i <= 30; ++i) {
        expected.push_back(std::to_string(i));
    }
    CHECK(read_all(test, back) == expected);
}

TEST_CASE("topics without history lose nothing while others of the stream are read back") {
    context test;
    manager_options options = keeping(1000);
    options.rules[0].matches = crier::exactly("kept");
    options.queue.events = 40;
    manager events{test.io.get_executor(), options};
    const std::string first = id_of(events.publish("kept", "0"));
    for (int i = 1; i <= 200; ++i) {
        events.publish("kept", i);
    }
    subscription back = resumed(events, first, {"kept", "live"});
    texts read;
    int next = 201;
    while (const auto received = back.try_receive()) {
        const auto each = crier::test::event_reader{received->text()}.events[0];
        if (each.type != "crier.gap") {
            read.push_back(each.data);
        }
        if (next % 4 != 0 || read.size() % 8 == 0) {
            if (next <= 230) {
                events.publish(next % 2 == 0 ? "kept" : "live", next);
                ++next;
            }
        }
        test.run();
    }
    CHECK(next == 231);
    texts expected;
    for (int i = 1; i <= 230; ++i) {
        expected.push_back(std::to_string(i));
    }
    CHECK(read == expected);
    CHECK(events.stats().topics[1].history == 0);
}

TEST_CASE("a topic with history lives on without subscribers until it was idle for its age") {
    context test;
    manager events{test.io.get_executor(), keeping(100, 10s)};
    const std::string first = id_of(events.publish("a", "1"));
    events.publish("a", "2");
    test.advance(9s);
    events.publish("a", "3");
    test.advance(9s);
    CHECK(events.stats().topics.size() == 1);
    {
        subscription back = resumed(events, first);
        CHECK(read_all(test, back) == texts{"gap evicted", "3"});
    }
    test.advance(9s);
    CHECK(events.stats().topics.size() == 1);
    test.advance(2s);
    CHECK(events.stats().topics.empty());
    subscription late = resumed(events, first);
    CHECK(read_all(test, late) == texts{"gap evicted"});
}

TEST_CASE("a topic that never had an event ends with its last subscriber, and many end together") {
    context test;
    manager events{test.io.get_executor(), keeping(100, 10s)};
    for (int i = 0; i < 100; ++i) {
        events.publish("topic " + std::to_string(i), i);
        const subscription none = events.subscribe("empty " + std::to_string(i));
    }
    test.run();
    CHECK(events.stats().topics.size() == 100);
    test.advance(11s);
    CHECK(events.stats().topics.empty());
}

TEST_CASE("rules are asked in their order, and a topic's first subscriber may say otherwise") {
    context test;
    manager_options options;
    options.rules.push_back({.matches = crier::exactly("a/none")});
    options.rules.push_back({.matches = starting_with("a/"), .history = {.events = 2}});
    options.rules.push_back({.matches = [](std::string_view topic) { return topic.ends_with("!"); },
        .history = {.events = 3}});
    manager events{test.io.get_executor(), options};
    for (int i = 0; i < 5; ++i) {
        for (const char* name : {"a/none", "a/b", "b!", "c"}) {
            events.publish(name, i);
        }
    }
    auto stats = events.stats();
    REQUIRE(stats.topics.size() == 2);
    CHECK(stats.topics[0].name == "a/b");
    CHECK(stats.topics[0].history == 2);
    CHECK(stats.topics[1].history == 3);
    std::vector<topic_options> own = topics({"d"});
    own[0].history = {.events = 1};
    const subscription mine = events.subscribe(own);
    events.publish("d", 1);
    events.publish("d", 2);
    CHECK(events.stats().topics.back().history == 1);
    CHECK(events.stats().topics.back().history_bytes > 0);
}

TEST_CASE("events of one topic are told apart by the type that a rule gives them") {
    context test;
    manager_options options;
    options.type_of = [](std::string_view topic) {
        return topic == "plain" ? std::string{} : "about " + std::string{topic};
    };
    manager events{test.io.get_executor(), options};
    subscription mine = events.subscribe(topics({"a", "plain"}));
    events.publish("a", "1");
    events.publish("plain", "2");
    events.publish("a", event{.type = "own", .data = "3"});
    events.publish("a", 4, {.type = "other"});
    CHECK(read_all(test, mine) == texts{"about a=1", "2", "own=3", "other=4"});
}

TEST_CASE("ids of the caller's own are found in the history") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    for (const char* id : {"1", "2", "3"}) {
        events.publish("a", event{.data = id, .id = id});
    }
    subscription back = resumed(events, "2");
    CHECK(read_all(test, back) == texts{"3"});
    subscription unknown = resumed(events, "4");
    CHECK(read_all(test, unknown) == texts{"gap invalid", "1", "2", "3"});
}

TEST_CASE("at most 64 topics by default") {
    context test;
    manager events{test.io.get_executor()};
    std::vector<topic_options> many;
    for (int i = 0; i < 64; ++i) {
        many.emplace_back().name = std::to_string(i);
    }
    CHECK_NOTHROW(events.subscribe(many));
    many.emplace_back().name = "one more";
    CHECK_THROWS_AS(events.subscribe(many), std::invalid_argument);
}

TEST_CASE("a shutdown lets those who read back come to the end") {
    context test;
    manager events{test.io.get_executor(), keeping(1000)};
    const std::string first = id_of(events.publish("a", 0));
    for (int i = 1; i < 300; ++i) {
        events.publish("a", i);
    }
    subscription back = resumed(events, first);
    subscription ended = resumed(events, first);
    ended.close();
    events.shutdown();
    CHECK(read_all(test, back).size() == 299);
    CHECK(read_all(test, ended).empty());
    CHECK_THROWS(resumed(events, first));
}

TEST_CASE("an equal value is not sent to who has read it back") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    const std::string first = id_of(events.publish("a", 1, {.only_changes = true}));
    events.publish("a", 2, {.only_changes = true});
    subscription back = resumed(events, first);
    CHECK(read_all(test, back) == texts{"2"});
    events.publish("a", 2, {.only_changes = true});
    CHECK(read_all(test, back).empty());
}

TEST_CASE("ending the streams of a topic leaves its history to those who come back") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    subscription mine = events.subscribe(topics({"a", "b"}));
    subscription other = events.subscribe("b");
    const std::string first = id_of(events.publish("a", "1"));
    events.end_streams("a");
    events.end_streams("no such");
    CHECK(read_all(test, mine) == texts{"1"});
    CHECK(crier::test::end_of(test, mine) == crier::errc::closed);
    CHECK_FALSE(crier::test::end_of(test, other));
    events.publish("a", "2");
    subscription back = resumed(events, first, {"a", "b"});
    CHECK(read_all(test, back) == texts{"2"});
}
