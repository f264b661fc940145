#include <crier/async/single_thread.hpp>
#include <crier/http/serve.hpp>

#include "support/event_reader.hpp"
#include "support/served_stream.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using crier::end_reason;
using crier::event;
using crier::gap;
using crier::manager;
using crier::manager_options;
using crier::overflow_policy;
using crier::serve_options;
using namespace crier::test;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;

namespace {

manager_options keeping(std::size_t events) {
    manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    options.rules.push_back({.matches = crier::starting_with(""),
        .history = {.events = events, .bytes = 100'000'000, .age = {}}});
    return options;
}

request_type after(const std::string& last_event_id, std::string_view target = "/news") {
    request_type request = get(target);
    request.set("lAST-eVENT-iD", last_event_id);
    return request;
}

std::vector<received> events_in(std::string bytes) {
    bytes = without_date(std::move(bytes)).substr(header.size());
    return event_reader{unchunked(bytes)}.events;
}

texts data_of(const std::string& bytes) {
    texts result;
    for (const received& each : events_in(bytes)) {
        result.push_back(each.type == "message" ? each.data : each.type);
    }
    return result;
}

} // namespace

TEST_CASE("a request goes on after its last event id: the field's, else the query's") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(to_string(*events.publish("/news", i)));
    }
    stream by_field{test, events, {}, after(ids[1])};
    stream by_query{test, events, {}, get("/news?last_event_id=" + ids[2])};
    stream by_both{test, events, {}, after(ids[0], "/news?last_event_id=" + ids[2])};
    stream by_none{test, events, {}, get("/news?last_event_id=")};
    stream by_empty{test, events, {}, after("")};
    stream escaped{test, events, {}, get("/news?last%5Fevent_id=%3x")};
    events.publish("/news", 4);
    CHECK(data_of(by_field.read()) == texts{"2", "3", "4"});
    CHECK(data_of(by_query.read()) == texts{"3", "4"});
    CHECK(data_of(by_both.read()) == texts{"1", "2", "3", "4"});
    CHECK(data_of(by_none.read()) == texts{"4"});
    CHECK(data_of(by_empty.read()) == texts{"4"});
    CHECK(data_of(escaped.read()) == texts{"crier.gap", "0", "1", "2", "3", "4"});
    CHECK(events.stats().topics.size() == 1);
}

TEST_CASE("whatever bytes a last event id has, the stream begins, and says so") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    events.publish("/news", "1");
    for (const std::string& id : {std::string{"\xff\xfe"}, std::string(4000, 'x'),
             std::string{"\xC3\xA9"}, std::string{"'\"{}[]\\"}, std::string{"0"}}) {
        stream open{test, events, {}, after(id)};
        const auto read = events_in(open.read());
        REQUIRE(read.size() == 2);
        CHECK(boost::json::parse(read[0].data).at("reason") == "invalid");
        CHECK(read[1].data == "1");
    }
}

TEST_CASE("a gap is told once: the next connection begins after it") {
    context test;
    manager events{test.io.get_executor(), keeping(2)};
    const std::string first = to_string(*events.publish("/news", 0));
    for (int i = 1; i < 9; ++i) {
        events.publish("/news", i);
    }
    std::string cursor;
    {
        stream open{test, events, {}, after(first)};
        const auto read = events_in(open.read());
        REQUIRE(read.size() == 3);
        CHECK(read[0].type == "crier.gap");
        CHECK(read[1].data == "7");
        cursor = read[0].id;
    }
    stream again{test, events, {}, after(cursor)};
    CHECK(data_of(again.read()) == texts{"7", "8"});
}

TEST_CASE("a heartbeat carries no id") {
    context test;
    manager_options options = keeping(10);
    options.heartbeat_interval = 5s;
    manager events{test.io.get_executor(), options};
    stream open{test, events};
    events.publish("/news", "1");
    open.read();
    test.advance(5s);
    CHECK(open.read() == chunk(":\n\n"));
}

TEST_CASE("what the caller has for a gap is sent in its place, or after it") {
    context test;
    manager events{test.io.get_executor(), keeping(1)};
    const std::string first = to_string(*events.publish("/news", 1));
    const std::string second = to_string(*events.publish("/news", 2));
    events.publish("/news", 3);
    const auto read = [&](auto on_gap) {
        serve_options options;
        options.on_gap = on_gap;
        stream open{test, events, std::move(options), after(first)};
        return events_in(open.read());
    };
    std::optional<gap> asked;
    auto instead = read([&asked](const gap& lost) -> asio::awaitable<std::vector<event>> {
        asked = lost;
        std::vector<event> made(1);
        made[0].type = "snapshot";
        made[0].data = "all";
        co_return made;
    });
    REQUIRE(asked);
    CHECK(asked->reason == crier::gap_reason::evicted);
    CHECK(asked->from == second);
    REQUIRE(instead.size() == 2);
    CHECK(instead[0].type == "snapshot");
    CHECK(instead[0].id == second);
    CHECK(instead[1].data == "3");

    auto behind = read([](const gap& lost) -> asio::awaitable<std::vector<event>> {
        std::vector<event> made(2);
        made[0] = to_event(lost);
        made[0].id.clear();
        made[1].data = "all";
        co_return made;
    });
    REQUIRE(behind.size() == 3);
    CHECK(behind[0].type == "crier.gap");
    CHECK(behind[1].data == "all");
    CHECK(behind[1].id == second);

    auto nothing = read(
        [](const gap&) -> asio::awaitable<std::vector<event>> { co_return std::vector<event>{}; });
    CHECK(nothing[0].type == "crier.gap");
    CHECK(nothing[0].id == second);
    auto throwing = read([](const gap&) -> asio::awaitable<std::vector<event>> {
        throw std::runtime_error{"no database"};
        co_return std::vector<event>{};
    });
    CHECK(throwing[0].type == "crier.gap");
    CHECK(throwing[1].data == "3");
}

TEST_CASE("while a snapshot is made events wait, and what is lost meanwhile is told after it") {
    context test;
    crier::promise_single_thread(test.io);
    manager_options limited = keeping(1);
    limited.queue = {2, 10'000, overflow_policy::drop_oldest};
    manager events{test.io.get_executor(), limited};
    const std::string first = to_string(*events.publish("/news", 1));
    events.publish("/news", 2);
    crier::timer slow{test.io, 3s};
    serve_options options;
    int asked = 0;
    options.on_gap = [&](const gap&) -> asio::awaitable<std::vector<event>> {
        ++asked;
        co_await slow.async_wait(asio::use_awaitable);
        std::vector<event> made(1);
        made[0].data = "snapshot";
        co_return made;
    };
    events.publish("/news", 3);
    stream open{test, events, std::move(options), after(first)};
    CHECK(asked == 1);
    for (int i = 4; i < 10; ++i) {
        events.publish("/news", i);
        test.run();
    }
    test.advance(3s);
    const auto read = events_in(open.read());
    REQUIRE_FALSE(read.empty());
    CHECK(read.front().data == "snapshot");
    CHECK(read.back().data == "9");
    for (std::size_t i = 1; i < read.size(); ++i) {
        CHECK(read[i].id > read[i - 1].id);
    }
}

TEST_CASE("a client that takes nothing leaves at once, where that is the policy, and resumes") {
    context test;
    manager_options options = keeping(100'000);
    options.queue = {8, 10'000'000, overflow_policy::disconnect};
    manager events{test.io.get_executor(), options};
    stream open{test, events};
    const std::string large(50'000, 'x');
    int published = 0;
    for (; !open.reason && published < 1000; ++published) {
        events.publish("/news", std::to_string(published) + large);
        test.run();
    }
    CHECK(open.reason == end_reason::overflow);
    CHECK(streams_of(events).ended[static_cast<std::size_t>(end_reason::overflow)] == 1);
    std::string bytes = open.peer.read_to_end();
    bytes = without_date(std::move(bytes)).substr(header.size());
    const event_reader read{unchunked(bytes.substr(0, bytes.rfind("\n\n\r\n") + 4))};
    REQUIRE_FALSE(read.events.empty());
    stream back{test, events, {}, after(read.last_event_id)};
    const std::string rest = back.read();
    CHECK(rest.find("\r\ndata: " + std::to_string(read.events.size()) + "xxx") != rest.npos);
}

TEST_CASE("a slow client of a long history gets all of it, and others are not held up") {
    context test;
    manager events{test.io.get_executor(), keeping(100'000)};
    const std::string first = to_string(*events.publish("/news", -1));
    const std::string large(5'000, 'x');
    for (int i = 0; i < 1000; ++i) {
        events.publish("/news", std::to_string(i) + large);
    }
    stream slow{test, events, {}, after(first)};
    stream quick{test, events};
    events.publish("/news", "live");
    CHECK(data_of(quick.read()) == texts{"live"});
    CHECK(events.stats().memory < 10'000'000);
    std::string bytes;
    for (int round = 0; round < 5'000 && bytes.find("data: live") == bytes.npos; ++round) {
        bytes += slow.read();
    }
    const auto read = events_in(bytes);
    REQUIRE(read.size() == 1001);
    for (std::size_t i = 0; i < 1000; ++i) {
        CHECK(read[i].data == std::to_string(i) + large);
    }
    CHECK(read.back().data == "live");
    CHECK(events.stats().dropped == 0);
}

TEST_CASE(
    "by each policy a stalled client gets what is left of it, over a socket or another stream") {
    for (const auto past : {overflow_policy::drop_newest, overflow_policy::drop_oldest}) {
        for (const bool is_socket : {true, false}) {
            CAPTURE(is_socket);
            context test;
            crier::promise_single_thread(test.io);
            manager_options options = keeping(0);
            options.queue = {5, 10'000'000, past};
            manager events{test.io.get_executor(), options};
            tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
            client peer{acceptor.local_endpoint().port()};
            layered other{acceptor.accept()};
            std::optional<end_reason> reason;
            const request_type request = get("/news");
            const auto finish = [&](const std::exception_ptr&, end_reason end) { reason = end; };
            if (is_socket) {
                asio::co_spawn(test.io, crier::serve(other.next_layer(), request, events), finish);
            } else {
                asio::co_spawn(test.io, crier::serve(other, request, events), finish);
            }
            test.run();
            const std::string large(100'000, 'x');
            const int published = 200;
            for (int i = 0; i < published; ++i) {
                events.publish("/news", std::to_string(i) + large);
                test.run();
            }
            std::string bytes;
            events.shutdown();
            for (int round = 0; round < 5'000 && !reason; ++round) {
                test.run();
                bytes += peer.read_available();
            }
            CHECK(reason == end_reason::shutdown);
            bytes += peer.read_available();
            std::size_t next = 0;
            for (const received& each : events_in(bytes)) {
                if (each.type == "crier.gap") {
                    const auto told = boost::json::parse(each.data);
                    next += static_cast<std::size_t>(told.at("count").as_int64());
                } else {
                    CHECK(each.data == std::to_string(next++) + large);
                }
            }
            CHECK(next == published);
            CHECK(events.stats().dropped > 0);
        }
    }
}

namespace {

/// Clients that come back together, each with a session on its connection.
struct herd {
    struct member {
        client peer;
        tcp::socket socket;
        std::string got{};
    };

    std::vector<member> all{};
    request_type request;

    herd(context& test, manager& events, std::size_t many, request_type asked)
        : request{std::move(asked)} {
        tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
        all.reserve(many);
        for (std::size_t i = 0; i < many; ++i) {
            client peer{acceptor.local_endpoint().port()};
            member& added = all.emplace_back(std::move(peer), acceptor.accept());
            asio::co_spawn(test.io, crier::serve(added.socket, request, events),
                [&added](const std::exception_ptr& error, end_reason reason) {
                    CHECK_FALSE(error);
                    CHECK(reason == end_reason::shutdown);
                    added.socket.close();
                });
        }
    }

    /// How many have got this.
    std::ptrdiff_t with(std::string_view text) {
        return std::ranges::count_if(all, [&](member& each) {
            each.got += each.peer.read_available();
            return each.got.find(text) != each.got.npos;
        });
    }
};

} // namespace

TEST_CASE("clients that come back together do not hold up the live events of others") {
    context test;
    manager events{test.io.get_executor(), keeping(100)};
    const std::string first = to_string(*events.publish("/news", 0));
    events.publish("/news", "missed");
    {
        stream live{test, events, {}, get("/live")};
        live.read();
        herd back{test, events, 100, after(first)};
        while (back.with("missed") == 0) {
            test.io.restart();
            REQUIRE(test.io.poll_one() == 1);
        }
        events.publish("/live", "news");
        std::string seen;
        while (seen.find("news") == seen.npos) {
            test.io.restart();
            REQUIRE(test.io.poll_one() == 1);
            seen += live.peer.read_available();
        }
        CHECK(back.with("missed") < 30);
        test.run();
        CHECK(back.with("missed") == 100);
        events.shutdown();
        test.run();
    }
}

TEST_CASE("a request for too many topics is refused") {
    context test;
    manager events{test.io.get_executor()};
    serve_options options;
    for (int i = 0; i < 65; ++i) {
        options.topics.emplace_back().name = std::to_string(i);
    }
    stream open{test, events, std::move(options)};
    CHECK(open.read().starts_with("HTTP/1.1 400 "));
    CHECK(open.reason == end_reason::refused);
}
