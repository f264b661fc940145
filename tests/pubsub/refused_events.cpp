#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "support/context.hpp"
#include "support/read_all.hpp"

#include <algorithm>
#include <string>
#include <vector>

using crier::errc;
using crier::event;
using crier::manager;
using crier::manager_options;
using crier::subscription;
using crier::test::context;
using crier::test::read_all;
using texts = std::vector<std::string>;

namespace {

struct refusing {
    context test;
    texts lines;
    manager events;

    explicit refusing(manager_options options = {})
        : events{test.io.get_executor(), logged(std::move(options))} {}

    manager_options logged(manager_options options) {
        options.log = [this](crier::severity, std::string_view line) { lines.emplace_back(line); };
        return options;
    }

    std::size_t lines_with(std::string_view part) const {
        return static_cast<std::size_t>(std::ranges::count_if(lines,
            [part](const std::string& line) { return line.find(part) != std::string::npos; }));
    }
};

} // namespace

TEST_CASE("a refused event is counted, and logged once for each topic and reason") {
    refusing with;
    subscription mine = with.events.subscribe("a");
    const subscription other = with.events.subscribe("b\n");
    for (int i = 0; i < 3; ++i) {
        CHECK(with.events.publish("a", "\xff").error() == errc::invalid_utf8);
        CHECK(with.events.publish("a", "x", {.type = "a\nb"}).error() == errc::invalid_type);
        CHECK(with.events.publish("b\n", "\xff").error() == errc::invalid_utf8);
    }
    CHECK(with.events.stats().refused == 9);
    CHECK(with.events.stats().published == 0);
    CHECK(with.lines.size() == 3);
    CHECK(with.lines_with("\"a\": text is not valid UTF-8") == 1);
    CHECK(with.lines_with("\"a\": event type") == 1);
    CHECK(with.lines_with("\"b\\n\": text is not valid UTF-8") == 1);
    with.events.publish("a", "1");
    CHECK(read_all(with.test, mine) == texts{"1"});
}

TEST_CASE("the library's own types cannot be published, in whatever way they are named") {
    refusing with{{.type_of = [](std::string_view topic) { return std::string{topic}; }}};
    subscription mine = with.events.subscribe("crier.gap");
    for (const char* type : {"crier.gap", "crier.signal", "crier."}) {
        CHECK(with.events.publish("crier.gap", event{.type = type}).error() == errc::reserved_type);
        CHECK(with.events.publish("crier.gap", 1, {.type = type}).error() == errc::reserved_type);
    }
    CHECK(with.events.publish("crier.gap", "by type_of").error() == errc::reserved_type);
    CHECK(with.events.publish("crier.gap", "x", {.type = "crier"}).has_value());
    CHECK(read_all(with.test, mine) == texts{"crier=x"});
}

TEST_CASE(
    "an id that looks like one of the manager's own is refused, so that none is taken for it") {
    refusing with{{.rules = {{.matches = crier::exactly("a"), .history = {.events = 10}}}}};
    const std::string first = to_string(*with.events.publish("a", "1"));
    const std::string epoch = first.substr(0, first.find('.') + 1);
    for (const char* number : {"1", "2", "6", "zzz"}) {
        CHECK(with.events.publish("a", event{.id = epoch + number}).error() == errc::reserved_id);
    }
    CHECK(
        with.events.publish("a", event{.data = "2", .id = "1.6"}).has_value()); // of another epoch
    with.events.publish("a", "3");
    subscription back = with.events.subscribe("a", {.last_event_id = "1.6"});
    CHECK(read_all(with.test, back) == texts{"3"});
}

TEST_CASE("names and keys are limited in length") {
    refusing with{{.name_bytes = 4, .key_bytes = 3}};
    subscription mine = with.events.subscribe("name");
    CHECK_THROWS_AS(with.events.subscribe("names"), std::invalid_argument);
    CHECK(with.events.publish("names", "1").error() == errc::invalid_topic);
    CHECK(with.events.publish("name", "1", {.key = "long"}).error() == errc::invalid_key);
    CHECK(with.events.publish("name", "1", {.key = "key"}).has_value());
    CHECK(with.events.stats().refused == 2);
    CHECK(read_all(with.test, mine) == texts{"1"});
}
