#include <crier/pubsub/manager.hpp>

#include "support/context.hpp"
#include "support/recorder.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <deque>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <vector>

using crier::polling;
using crier::polling_options;
using crier::test::context;
using crier::test::recorder;
namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

/// A source whose fetches take `duration` and give 1, 2, 3...
struct source {
    context& test;
    crier::clock::duration duration{};
    int fetches = 0;
    int running = 0;
    int cancelled = 0;

    asio::awaitable<json::value> fetch() {
        ++running;
        const int number = ++fetches;
        if (duration > 0s) {
            crier::timer wait{test.io, duration};
            boost::system::error_code error;
            co_await wait.async_wait(asio::redirect_error(asio::use_awaitable, error));
            cancelled += error ? 1 : 0;
        }
        --running;
        co_return number;
    }

    auto function() {
        return [this] { return fetch(); };
    }
};

/// Runs `stop` and tells whether it has completed.
struct stopping {
    bool done = false;

    stopping(context& test, crier::polling_service& service) { test.spawn(stop(service)); }

    asio::awaitable<void> stop(crier::polling_service& service) {
        co_await service.stop();
        done = true;
    }
};

} // namespace

TEST_CASE("the first fetch comes at once, then one every interval") {
    context test;
    recorder to{test};
    source from{test};
    const auto service = polling(from.function(), {.interval = 2s});
    service->start(to);
    test.run();
    CHECK(to.published == texts{"1"});
    test.advance(1999ms);
    CHECK(to.published.size() == 1);
    test.advance(1ms);
    CHECK(to.published.size() == 2);
    test.advance(2s);
    CHECK(to.published == texts{"1", "2", "3"});
    CHECK(stopping{test, *service}.done);
    test.advance(10s);
    CHECK(to.published.size() == 3);
}

TEST_CASE("the interval is 5 s by default, and zero means the default") {
    for (const polling_options& options : {polling_options{}, polling_options{.interval = 0s}}) {
        context test;
        recorder to{test};
        source from{test};
        const auto service = polling(from.function(), options);
        service->start(to);
        test.run();
        test.advance(4999ms);
        CHECK(to.published.size() == 1);
        test.advance(1ms);
        CHECK(to.published.size() == 2);
        CHECK(stopping{test, *service}.done);
    }
}

TEST_CASE("a missing fetch is refused") {
    context test;
    CHECK_THROWS_AS(polling({}), std::invalid_argument);
}

TEST_CASE("an interval of zero or less is the default, and the longest of all is never over") {
    for (const auto& [given, seconds] : {std::pair{0ms, 5}, {-1ms, 5}}) {
        context test;
        recorder to{test};
        source from{test};
        const auto service = polling(from.function(), {.interval = given});
        service->start(to);
        test.run();
        CHECK(test.seconds_until([&] { return to.published.size() == 2; }) == seconds);
        CHECK(stopping{test, *service}.done);
    }
    context test;
    recorder to{test};
    source from{test};
    const auto service = polling(from.function(), {.interval = std::chrono::milliseconds::max()});
    service->start(to);
    test.advance(24h * 365);
    CHECK(to.published.size() == 1);
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("a service does not linger unless it is asked to") {
    context test;
    source from{test};
    CHECK(polling(from.function())->linger() == 0s);
    CHECK(polling(from.function(), {.linger = 30s})->linger() == 30s);
}

TEST_CASE("a slow fetch delays the next one and never overlaps or bunches") {
    context test;
    recorder to{test};
    source from{test, 5s};
    const auto service = polling(from.function(), {.interval = 2s});
    service->start(to);
    test.run();
    test.advance(4s);
    CHECK(from.fetches == 1);
    test.advance(1s);
    CHECK(from.fetches == 2);
    from.duration = 0s;
    test.advance(5s);
    CHECK(from.running == 0);
    CHECK(from.fetches == 3);
    test.advance(1s);
    CHECK(from.fetches == 3);
    test.advance(1s);
    CHECK(from.fetches == 4);
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("the options reach the published events") {
    context test;
    recorder to{test};
    source from{test};
    const auto service =
        polling(from.function(), {.only_changes = true, .type = "load", .key = "cpu"});
    service->start(to);
    test.run();
    REQUIRE(to.options.size() == 1);
    CHECK(to.options[0].type == "load");
    CHECK(to.options[0].key == "cpu");
    CHECK(to.options[0].only_changes);
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("each kind of failure is published as JSON, and the polling goes on") {
    context test;
    recorder to{test};
    std::deque<std::function<json::value()>> results{
        []() -> json::value { throw std::runtime_error{"disk \"a\" is gone"}; },
        []() -> json::value { throw crier::fetch_error{404, "no such thing"}; },
        []() -> json::value { throw crier::fetch_error{503, "busy", "r-1"}; },
        []() -> json::value { throw 7; }, [] { return json::value("well"); }};
    int asked = 0;
    const auto service = polling(
        [&]() -> asio::awaitable<json::value> {
            const auto next = results.front();
            results.pop_front();
            co_return next();
        },
        {.interval = 1s, .api_version = "v2", .stop_condition = [&](const json::value&) {
             return ++asked == 1;
         }});
    service->start(to);
    for (int i = 0; i < 5; ++i) {
        test.advance(1s);
    }
    REQUIRE(to.published.size() == 5);
    const auto equal = [&](std::size_t at, const char* expected) {
        return json::parse(to.published[at]) == json::parse(expected);
    };
    CHECK(equal(0, R"({"apiVersion":"v2","message":"disk \"a\" is gone","statusCode":500})"));
    CHECK(equal(1, R"({"apiVersion":"v2","message":"no such thing","statusCode":404})"));
    CHECK(equal(2, R"({"apiVersion":"v2","message":"busy","statusCode":503,"requestId":"r-1"})"));
    CHECK(equal(3, R"({"apiVersion":"v2","message":"unknown error","statusCode":500})"));
    CHECK(to.published[4] == "\"well\"");
    CHECK(asked == 1);
    CHECK(stopping{test, *service}.done);
}

TEST_CASE(
    "the stop condition is asked after each publish, then comes on_stop, then stop completes") {
    context test;
    recorder to{test};
    source from{test};
    texts order;
    crier::timer hold{test.io, 3s};
    const auto service = polling(from.function(),
        {.interval = 1s,
            .stop_condition =
                [&](const json::value& data) {
                    order.push_back("asked " + std::to_string(to.published.size()));
                    return data == 2;
                },
            .on_stop = [&]() -> asio::awaitable<void> {
                order.emplace_back("on_stop begins");
                co_await hold.async_wait(asio::use_awaitable);
                order.emplace_back("on_stop ends");
            }});
    service->start(to);
    test.run();
    test.advance(1s);
    CHECK(order == texts{"asked 1", "asked 2", "on_stop begins"});
    test.advance(10s);
    CHECK(order.back() == "on_stop ends");
    CHECK(stopping{test, *service}.done);
    CHECK(to.published.size() == 2);
    CHECK(order.size() == 4);
}

TEST_CASE("stop waits for on_stop, which may itself call stop") {
    context test;
    recorder to{test};
    source from{test};
    int stops = 0;
    std::shared_ptr<crier::polling_service> service;
    crier::timer hold{test.io, crier::clock::time_point::max()};
    service = polling(from.function(), {.on_stop = [&]() -> asio::awaitable<void> {
        ++stops;
        co_await service->stop();
        boost::system::error_code ignored;
        co_await hold.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }});
    service->start(to);
    test.run();
    const stopping first{test, *service};
    CHECK_FALSE(first.done);
    CHECK(stops == 1);
    hold.cancel();
    test.run();
    CHECK(first.done);
    CHECK(stopping{test, *service}.done);
    CHECK(stops == 1);
}

TEST_CASE("a fetch that takes longer than the timeout is cancelled, which is told as 504") {
    context test;
    recorder to{test};
    source from{test, 1h};
    const auto service = polling(from.function(), {.interval = 5s, .timeout = 2s});
    service->start(to);
    test.run();
    test.advance(1999ms);
    CHECK(from.running == 1);
    test.advance(1ms);
    CHECK(from.running == 0);
    CHECK(from.cancelled == 1);
    REQUIRE(to.published.size() == 1);
    CHECK(json::parse(to.published[0]) ==
          json::parse(R"({"apiVersion":"v1","message":"the fetch took longer than 2000 ms",)"
                      R"("statusCode":504})"));
    from.duration = 1s;
    test.advance(3s);
    CHECK(from.fetches == 2);
    test.advance(1s);
    REQUIRE(to.published.size() == 2);
    CHECK(to.published[1] == "2");
    from.duration = 1h;
    test.advance(4s);
    CHECK(from.fetches == 3);
    test.advance(2s);
    CHECK(from.cancelled == 2);
    CHECK(to.published.size() == 3);
    CHECK(stopping{test, *service}.done);
    CHECK(to.lines.empty());
}

TEST_CASE("a fetch may take 30 s by default, and for ever where that is asked for") {
    for (const auto& [given, seconds] :
        {std::pair{polling_options{}.timeout, 30}, {0ms, 30}, {-1ms, 30}, {7000ms, 7}}) {
        context test;
        recorder to{test};
        source from{test, 1h};
        const auto service = polling(from.function(), {.timeout = given});
        service->start(to);
        test.run();
        CHECK(test.seconds_until([&] { return from.cancelled == 1; }) == seconds);
        CHECK(stopping{test, *service}.done);
    }
    context test;
    recorder to{test};
    source from{test, 24h * 365};
    const auto service = polling(from.function(), {.timeout = std::chrono::milliseconds::max()});
    service->start(to);
    test.run();
    test.advance(24h * 365);
    CHECK(to.published == texts{"1"});
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("a fetch that goes on after its timeout holds the polling up, which is told once") {
    context test;
    recorder to{test};
    crier::timer deaf{test.io};
    int fetches = 0;
    const auto service = polling(
        [&]() -> asio::awaitable<json::value> {
            ++fetches;
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
            deaf.expires_after(20s);
            co_await deaf.async_wait(asio::use_awaitable);
            co_return 1;
        },
        {.interval = 5s, .timeout = 2s});
    service->start(to);
    test.run();
    for (int i = 0; i < 19; ++i) {
        test.advance(1s);
    }
    CHECK(fetches == 1);
    CHECK(to.published.empty());
    CHECK(
        to.lines ==
        texts{"a fetch goes on though it was cancelled at its timeout; the polling waits for it"});
    test.advance(1s);
    CHECK(to.published.size() == 1);
    CHECK(to.published[0].find("504") != std::string::npos);
    CHECK(fetches == 2);
    for (int i = 0; i < 20; ++i) {
        test.advance(1s);
    }
    CHECK(to.published.size() == 2);
    CHECK(fetches == 3);
    CHECK(to.lines.size() == 1);
    const stopping ended{test, *service};
    deaf.cancel();
    test.run();
    CHECK(ended.done);
}

TEST_CASE("a stop during a fetch that is over its time publishes nothing") {
    context test;
    recorder to{test};
    crier::timer deaf{test.io, 10s};
    const auto service = polling(
        [&]() -> asio::awaitable<json::value> {
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
            co_await deaf.async_wait(asio::use_awaitable);
            co_return 1;
        },
        {.timeout = 2s});
    service->start(to);
    test.run();
    test.advance(3s);
    const stopping ended{test, *service};
    CHECK_FALSE(ended.done);
    test.advance(7s);
    CHECK(ended.done);
    CHECK(to.published.empty());
}

TEST_CASE("stop cancels the running fetch, waits for it, and lets it publish nothing") {
    context test;
    recorder to{test};
    source from{test, 1h};
    const auto service = polling(from.function());
    service->start(to);
    test.run();
    CHECK(from.running == 1);
    const stopping first{test, *service};
    CHECK(first.done);
    CHECK(from.running == 0);
    CHECK(from.cancelled == 1);
    CHECK(to.published.empty());
}

TEST_CASE("a fetch that does not listen to its cancellation is waited for") {
    context test;
    recorder to{test};
    crier::timer deaf{test.io, 7s};
    const auto service = polling([&]() -> asio::awaitable<json::value> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
        co_await deaf.async_wait(asio::use_awaitable);
        co_return 1;
    });
    service->start(to);
    test.run();
    const stopping first{test, *service};
    const stopping second{test, *service};
    test.advance(6s);
    CHECK_FALSE(first.done);
    test.advance(1s);
    CHECK(first.done);
    CHECK(second.done);
    CHECK(to.published.empty());
}

TEST_CASE("a fetch that turned its cancellation off leaves the wait for the next one cancellable") {
    context test;
    recorder to{test};
    const auto service = polling([]() -> asio::awaitable<json::value> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation{});
        co_return 1;
    });
    service->start(to);
    test.run();
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("stop before start and twice is fine, and the service starts again after") {
    context test;
    recorder to{test};
    source from{test};
    int stops = 0;
    const auto service = polling(from.function(), {.on_stop = [&]() -> asio::awaitable<void> {
        ++stops;
        co_return;
    }});
    CHECK(stopping{test, *service}.done);
    service->start(to);
    test.run();
    CHECK(stopping{test, *service}.done);
    CHECK(stopping{test, *service}.done);
    service->start(to);
    test.run();
    CHECK(to.published.size() == 2);
    CHECK(stopping{test, *service}.done);
    CHECK(stops == 2);
}

TEST_CASE("user code that throws in the stop condition or on_stop is logged and ends the run") {
    context test;
    recorder to{test};
    source from{test};
    const auto service = polling(from.function(),
        {.stop_condition = [](const json::value&) -> bool { throw std::runtime_error{"odd"}; },
            .on_stop = []() -> asio::awaitable<void> {
                throw std::runtime_error{"worse"};
                co_return;
            }});
    service->start(to);
    test.run();
    CHECK(to.lines.size() == 2);
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("stop waits for an on_stop that began by itself, and a throw of any type ends the run") {
    context test;
    recorder to{test};
    source from{test};
    crier::timer hold{test.io, 3s};
    const auto service =
        polling(from.function(), {.stop_condition = [](const json::value&) { return true; },
                                     .on_stop = [&]() -> asio::awaitable<void> {
                                         co_await hold.async_wait(asio::use_awaitable);
                                         throw 7;
                                     }});
    service->start(to);
    test.run();
    const stopping pending{test, *service};
    CHECK_FALSE(pending.done);
    test.advance(3s);
    CHECK(pending.done);
    CHECK(to.lines == texts{"on_stop failed: unknown error"});
}

TEST_CASE("a fetch that calls stop asks for the end, and does not wait for itself") {
    context test;
    recorder to{test};
    std::shared_ptr<crier::polling_service> service;
    bool returned = false;
    service = polling([&]() -> asio::awaitable<json::value> {
        co_await service->stop();
        returned = true;
        co_return 1;
    });
    service->start(to);
    test.run();
    CHECK(returned);
    CHECK(to.published.empty());
    CHECK(stopping{test, *service}.done);
}

TEST_CASE("a service may outlive its context") {
    std::shared_ptr<crier::polling_service> service;
    {
        context test;
        recorder to{test};
        source from{test};
        service = polling(from.function());
        service->start(to);
        test.io.poll();
        CHECK(stopping{test, *service}.done);
    }
    service.reset();
}

TEST_CASE("after a stop by condition newcomers do not restart it until all have left") {
    context test;
    crier::manager events{test.io.get_executor()};
    source from{test};
    std::vector<crier::topic_options> topics(1);
    topics[0].name = "a";
    topics[0].polling = polling(from.function(),
        {.interval = 1s, .stop_condition = [](const json::value&) { return true; }});
    std::optional<crier::subscription> first{events.subscribe(topics)};
    test.advance(5s);
    CHECK(from.fetches == 1);
    std::optional<crier::subscription> second{events.subscribe(topics)};
    test.advance(5s);
    CHECK(from.fetches == 1);
    events.publish("a", "still open");
    test.run();
    CHECK(second->pending() == 1);
    first.reset();
    second.reset();
    test.run();
    first.emplace(events.subscribe(topics));
    test.run();
    CHECK(from.fetches == 2);
    first.reset();
    test.run();
}

TEST_CASE("the stop condition is asked of a value that was not published again, too") {
    context test;
    crier::manager events{test.io.get_executor()};
    int asked = 0;
    std::vector<crier::topic_options> topics(1);
    topics[0].name = "a";
    topics[0].polling = polling([]() -> asio::awaitable<json::value> { co_return 1; },
        {.interval = 1s,
            .stop_condition = [&asked](const json::value&) { return ++asked == 3; },
            .only_changes = true});
    crier::subscription mine = events.subscribe(topics);
    test.run();
    for (int i = 0; i < 5; ++i) {
        test.advance(1s);
    }
    CHECK(asked == 3);
    CHECK(mine.pending() == 1);
}

TEST_CASE("a manager that goes stops a running fetch") {
    context test;
    source from{test, 1h};
    std::optional<crier::subscription> mine;
    {
        crier::manager events{test.io.get_executor()};
        std::vector<crier::topic_options> topics(1);
        topics[0].name = "a";
        topics[0].polling = polling(from.function());
        mine.emplace(events.subscribe(topics));
        test.run();
        CHECK(from.running == 1);
    }
    test.run();
    CHECK(from.running == 0);
    CHECK(from.cancelled == 1);
    mine.reset();
}

TEST_CASE("a turn that there is no memory for is left out, and the polling goes on") {
    context test;
    recorder to{test};
    source from{test};
    int asked = 0;
    const auto service =
        polling(from.function(), {.interval = 1s, .stop_condition = [&](const json::value&) {
                                      if (++asked == 2) {
                                          throw std::bad_alloc{};
                                      }
                                      return asked == 4;
                                  }});
    service->start(to);
    for (int i = 0; i < 6; ++i) {
        test.advance(1s);
    }
    CHECK(from.fetches == 4);
    CHECK(to.lines.size() == 1);
    CHECK(stopping{test, *service}.done);
}
