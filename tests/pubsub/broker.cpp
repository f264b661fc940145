#include <crier/pubsub/broker.hpp>
#include <crier/wire/errc.hpp>

#include "support/context.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>

#include <optional>
#include <string>
#include <thread>
#include <vector>

using crier::broker;
using crier::errc;
using crier::subscription;
using crier::test::context;
namespace asio = boost::asio;

namespace {

struct receiver {
    std::vector<std::string> texts;
    boost::system::error_code end;

    asio::awaitable<void> read(subscription& from) {
        try {
            while (true) {
                const crier::frame next = co_await from.async_receive();
                texts.emplace_back(next.text());
            }
        } catch (const boost::system::system_error& error) {
            end = error.code();
        }
    }
};

} // namespace

TEST_CASE("every subscription gets every event, in order, and has a number from 1") {
    context test;
    broker news{test.io.get_executor()};
    subscription first = news.subscribe();
    subscription second = news.subscribe(3);
    CHECK(first.id() == 1);
    CHECK(second.id() == 2);
    CHECK(news.size() == 2);
    news.publish("a");
    news.publish(crier::event{.type = "t", .data = "b"});
    news.publish(crier::event_view{"c"});
    test.run();
    for (subscription* each : {&first, &second}) {
        CHECK(each->pending() == 3);
        CHECK(each->try_receive()->text() == "data: a\n\n");
        CHECK(each->try_receive()->text() == "event: t\ndata: b\n\n");
        CHECK(each->try_receive()->text() == "data: c\n\n");
        CHECK_FALSE(each->try_receive());
    }
}

TEST_CASE("receive waits for the next event, and close ends it") {
    context test;
    broker news{test.io.get_executor()};
    subscription mine = news.subscribe();
    receiver reader;
    test.spawn(reader.read(mine));
    CHECK(reader.texts.empty());
    news.publish("1");
    test.run();
    CHECK(reader.texts.size() == 1);
    mine.close();
    mine.close();
    test.run();
    CHECK(reader.end == errc::closed);
    CHECK(news.size() == 0);
}

TEST_CASE("what was published before unsubscribing stays readable, what comes after is not seen") {
    context test;
    broker news{test.io.get_executor()};
    subscription mine = news.subscribe();
    news.publish("1");
    news.publish("2");
    mine.close();
    news.publish("3");
    receiver reader;
    test.spawn(reader.read(mine));
    CHECK(reader.texts == std::vector<std::string>{"data: 1\n\n", "data: 2\n\n"});
    CHECK(reader.end == errc::closed);
}

TEST_CASE("a full subscriber misses the newest event, which is counted, and stays") {
    std::vector<std::string> lines;
    context test;
    broker news{test.io.get_executor(),
        [&](crier::severity, std::string_view line) { lines.emplace_back(line); }};
    subscription slow = news.subscribe(2);
    subscription quick = news.subscribe(8);
    for (const char* text : {"1", "2", "3", "4"}) {
        news.publish(text);
    }
    test.run();
    CHECK(slow.dropped() == 2);
    CHECK(quick.dropped() == 0);
    CHECK(news.stats().dropped == 2);
    CHECK(news.stats().delivered == 6);
    CHECK(lines.size() == 1);
    CHECK(slow.try_receive()->text() == "data: 1\n\n");
    news.publish("5");
    test.run();
    CHECK(slow.try_receive()->text() == "data: 2\n\n");
    CHECK(slow.try_receive()->text() == "data: 5\n\n");
}

TEST_CASE("closing the broker closes its subscriptions and refuses new ones") {
    context test;
    std::optional<broker> news{std::in_place, test.io.get_executor()};
    subscription mine = news->subscribe();
    news->publish("last");
    news->close();
    news->close();
    CHECK(news->publish("late").error() == errc::shut_down);
    CHECK_THROWS_AS(news->subscribe(), boost::system::system_error);
    news.reset();
    receiver reader;
    test.spawn(reader.read(mine));
    CHECK(reader.texts.size() == 1);
    CHECK(reader.end == errc::closed);
}

TEST_CASE("a capacity of nothing is refused") {
    context test;
    broker news{test.io.get_executor()};
    CHECK_THROWS_AS(news.subscribe(0), std::invalid_argument);
}

TEST_CASE("a cancelled receive loses no event") {
    for (const bool event_first : {true, false}) {
        context test;
        broker news{test.io.get_executor()};
        subscription mine = news.subscribe();
        asio::cancellation_signal cancellation;
        std::optional<bool> failed;
        mine.async_receive(asio::bind_cancellation_slot(
            cancellation.slot(), [&](boost::system::error_code error, const crier::frame&) {
                failed = error.failed();
            }));
        test.run();
        if (event_first) {
            news.publish("kept");
        }
        cancellation.emit(asio::cancellation_type::terminal);
        if (!event_first) {
            test.run();
            news.publish("kept");
        }
        test.run();
        REQUIRE(failed);
        CHECK(*failed);
        CHECK(mine.pending() == 1);
    }
}

TEST_CASE("on many threads each subscriber gets each event once and in one order") {
    asio::thread_pool pool{4};
    std::vector<receiver> readers(16);
    {
        broker news{pool.get_executor()};
        constexpr int threads = 4;
        constexpr int rounds = 250;
        std::vector<subscription> subscriptions;
        for (receiver& reader : readers) {
            subscriptions.push_back(news.subscribe(threads * rounds));
            static_cast<void>(reader);
        }
        for (std::size_t i = 0; i < readers.size(); ++i) {
            asio::co_spawn(pool, readers[i].read(subscriptions[i]), asio::detached);
        }
        std::vector<std::thread> publishers;
        for (int i = 0; i < threads; ++i) {
            publishers.emplace_back([&, i] {
                for (int round = 0; round < rounds; ++round) {
                    news.publish(std::to_string(i) + " " + std::to_string(round));
                }
            });
        }
        for (std::thread& publisher : publishers) {
            publisher.join();
        }
        news.close();
        pool.join();
        for (const receiver& reader : readers) {
            CHECK(reader.end == errc::closed);
            CHECK(reader.texts.size() == threads * rounds);
            CHECK(reader.texts == readers[0].texts);
        }
    }
}
