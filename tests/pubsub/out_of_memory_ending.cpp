// Whatever allocation fails as something ends: it ends, and so does what waits for it.

#include <crier/pubsub/broker.hpp>
#include <crier/pubsub/hub.hpp>

#include "support/kept_topics.hpp"

#include <optional>
#include <vector>

using boost::system::error_code;
using crier::manager;
using crier::subscription;
using crier::test::context;
using crier::test::failing_part;
using crier::test::reader;
using crier::test::sweep;
using crier::test::world;
namespace asio = boost::asio;

namespace {

crier::manager_options silent() {
    crier::manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    return options;
}

} // namespace

TEST_CASE("who unsubscribes is gone, and nobody else notices") {
    sweep([](failing_part& part) {
        world all{crier::test::all_kinds()};
        all.subscribe({0, 1});
        all.subscribe({1, 2}, {.executor = all.other.get_executor()});
        all.subscribe({0, 1, 3}).from.async_receive([](error_code, const crier::frame&) {});
        all.subscribe({1, 3}, {.last_event_id = "zzz.1"});
        all.subscribe({2, 3}, {.executor = all.other.get_executor()});
        all.run();
        all.book.publish(0);
        all.run();
        part([&] {
            all.readers.back().from.close();
            all.readers.pop_back();
            all.readers.pop_back();
            all.run();
            all.readers.pop_back();
            all.run();
        });
        CHECK(all.events.stats().subscribers == 2);
        all.run();
        all.go_on({0, 1, 2});
    });
}

TEST_CASE("when a topic's streams are ended, they end all at once or not at all") {
    sweep([](failing_part& part) {
        world all;
        reader& one = all.subscribe({0}, {.executor = all.test.io.get_executor()});
        reader& two = all.subscribe({0}, {.executor = all.other.get_executor()});
        std::vector<error_code> ends;
        ends.reserve(2);
        for (reader* each : {&one, &two}) {
            each->from.async_receive(
                [&ends](error_code error, const crier::frame&) { ends.push_back(error); });
        }
        all.run();
        const bool is_done = part([&] {
            all.events.end_streams("t0");
            all.run();
        });
        all.run();
        CHECK(ends.size() == (is_done ? 2U : 0U));
        for (const error_code& each : ends) {
            CHECK(each == crier::errc::closed);
        }
        all.events.end_streams("t0");
        all.run();
        CHECK(ends.size() == 2);
    });
}

TEST_CASE("when a manager goes, its subscriptions end") {
    sweep([](failing_part& part) {
        context test;
        asio::io_context other{1};
        std::optional<manager> events;
        events.emplace(test.io.get_executor(), silent());
        std::optional<subscription> one;
        one.emplace(events->subscribe({{.name = "t0"}, {.name = "t1"}}));
        std::optional<subscription> two;
        two.emplace(events->subscribe("t1", {.executor = other.get_executor()}));
        int ends = 0;
        const auto receive = [&](subscription& from) {
            from.async_receive([&](error_code error, const crier::frame&) {
                ends += error == crier::errc::closed ? 1 : 0;
            });
        };
        crier::test::run_on(test.io, other);
        receive(*one);
        receive(*two);
        crier::test::run_on(test.io, other);
        part([&] {
            events.reset();
            crier::test::run_on(test.io, other);
        });
        crier::test::run_on(test.io, other);
        CHECK(ends == 2);
        one.reset();
        two.reset();
        crier::test::run_on(test.io, other);
    });
}

TEST_CASE("a hub's subscription learns of what is published, and its end wakes it") {
    const long swept = sweep([](failing_part& part) {
        context test;
        crier::hub<int> all{test.io.get_executor()};
        std::optional<crier::hub<int>::subscription> one;
        std::optional<crier::hub<int>::subscription> two;
        std::optional<crier::hub<int>::subscription> three;
        int wakes = 0;
        int ends = 0;
        const auto wait = [&](auto& of) {
            of.async_wait([&](error_code error) { ++(error ? ends : wakes); });
        };
        one.emplace(all.subscribe(1));
        wait(*one);
        test.run();
        bool is_published = false;
        part([&] {
            two.emplace(all.subscribe(1));
            three.emplace(all.subscribe(2));
            wait(*two);
            crier::test::run_on(test.io);
            all.publish(1);
            is_published = true;
            crier::test::run_on(test.io);
            three.reset();
        });
        test.run();
        CHECK(wakes == (is_published ? 2 : 0));
        CHECK(all.size() == 1U + (two ? 1 : 0) + (three ? 1 : 0));
        wakes = 0;
        all.publish(1);
        test.run();
        if (is_published) {
            wait(*one);
        }
        test.run();
        CHECK(wakes >= 1);
        all.close();
        test.run();
        CHECK(all.size() == 0);
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("a hub closes and its subscriptions go without memory") {
    sweep([](failing_part& part) {
        context test;
        std::optional<crier::hub<int>> all;
        all.emplace(test.io.get_executor());
        std::vector<crier::hub<int>::subscription> some;
        int ends = 0;
        for (int i = 0; i < 4; ++i) {
            some.push_back(all->subscribe(i / 2));
            some.back().async_wait([&](error_code error) { ends += error ? 1 : 0; });
        }
        test.run();
        part([&] {
            some.pop_back();
            crier::test::run_on(test.io);
            all.reset();
            crier::test::run_on(test.io);
        });
        test.run();
        CHECK(ends == 4);
    });
}

TEST_CASE("a broker's subscribers get an event or it counts as dropped, and it closes") {
    const long swept = sweep([](failing_part& part) {
        context test;
        crier::broker all{test.io.get_executor(), silent().log};
        std::vector<subscription> some;
        some.reserve(3);
        some.push_back(all.subscribe());
        some.push_back(all.subscribe());
        test.run();
        std::size_t published = 0;
        part([&] {
            some.push_back(all.subscribe());
            for (int i = 0; i < 9; ++i) {
                published += all.publish("some text") ? 1 : 0;
                crier::test::run_on(test.io);
            }
        });
        test.run();
        CHECK(all.size() == some.size());
        published += all.publish("later") ? 1 : 0;
        test.run();
        for (subscription& each : some) {
            std::size_t received = 0;
            std::optional<crier::frame> last;
            while (auto next = each.try_receive()) {
                last = next;
                ++received;
            }
            CHECK(last.value().text().find("later") != std::string_view::npos);
            CHECK(received + each.dropped() == published);
        }
        all.close();
        test.run();
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}
