#include <crier/async/single_thread.hpp>
#include <crier/http/serve.hpp>

#include "support/event_reader.hpp"
#include "support/served_stream.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using crier::end_reason;
using crier::manager;
using crier::manager_options;
using crier::serve_options;
using namespace crier::test;
using namespace std::chrono_literals;

TEST_CASE("the header goes out at once, then each event as one chunk") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    stream open{test, events, topic("a")};
    CHECK(open.read() == header);
    events.publish("a", "1");
    CHECK(open.read() == chunk("data: 1\n\n"));
    events.publish("a", "2", {.type = "t"});
    events.publish("b", "other topic");
    events.publish("a", "3");
    CHECK(open.read() == chunk("event: t\ndata: 2\n\n") + chunk("data: 3\n\n"));
    CHECK(streams_of(events).open == 1);
    events.shutdown();
}

TEST_CASE("an HTTP/1.0 client gets no chunks, and the end of the connection as the end") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    stream open{test, events, topic("a"), get("/", 10)};
    CHECK(open.read().find("Transfer-Encoding") == std::string::npos);
    events.publish("a", "1");
    CHECK(open.read() == "data: 1\n\n");
    events.shutdown();
    CHECK(open.read().empty());
    CHECK(open.peer.at_end);
}

TEST_CASE("the reconnection time is a chunk of its own after the header, without a blank line") {
    for (const auto& [retry, expected] :
        std::vector<std::pair<std::chrono::milliseconds, std::string>>{
            {700ms, "b\r\nretry: 700\n\r\n"}, {0ms, "9\r\nretry: 0\n\r\n"},
            {2'147'483'647ms, "12\r\nretry: 2147483647\n\r\n"}}) {
        context test;
        manager events{test.io.get_executor(), {.ids = false}};
        serve_options options = topic("a");
        options.retry = retry;
        stream open{test, events, std::move(options)};
        CHECK(open.read() == header + expected);
        events.publish("a", "1");
        CHECK(open.read() == chunk("data: 1\n\n"));
        events.shutdown();
    }
}

TEST_CASE("the reconnection time is a plain line for an HTTP/1.0 client") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    serve_options options = topic("a");
    options.retry = 1500ms;
    stream open{test, events, std::move(options), get("/", 10)};
    CHECK(open.read().ends_with("Connection: close\r\n\r\nretry: 1500\n"));
    events.publish("a", "1");
    CHECK(open.read() == "data: 1\n\n");
    events.shutdown();
}

TEST_CASE("a request that is refused is told no reconnection time") {
    context test;
    manager events{test.io.get_executor()};
    events.shutdown();
    serve_options options = topic("a");
    options.retry = 700ms;
    stream refused{test, events, std::move(options)};
    CHECK(refused.read().find("retry") == std::string::npos);
}

TEST_CASE("options that make no sense are refused before anything is sent") {
    context test;
    manager events{test.io.get_executor()};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const request_type request = get("/");
    const auto problem = [&](const serve_options& options) {
        std::string what;
        asio::co_spawn(test.io, crier::serve(socket, request, events, options),
            [&](const std::exception_ptr& error, end_reason) {
                try {
                    std::rethrow_exception(error);
                } catch (const std::invalid_argument& invalid) {
                    what = invalid.what();
                }
            });
        test.run();
        return what;
    };
    serve_options options;
    for (const auto retry : {-1ms, std::chrono::milliseconds{2'147'483'648}}) {
        options.retry = retry;
        CHECK(problem(options) == "retry must be at least 0 and below 2^31 milliseconds");
    }
    options.retry.reset();
    options.cors.origins = {"*"};
    options.cors.credentials = true;
    CHECK(problem(options).starts_with("cors: "));
    CHECK(peer.read_available().empty());
    CHECK_FALSE(peer.at_end);
    CHECK(streams_of(events).ended == std::array<std::uint64_t, crier::end_reasons>{});
}

TEST_CASE("the default topic is the request's path with its query") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    const stream plain{test, events, {}, get("/news")};
    const stream query{test, events, {}, get("/news?lang=de")};
    REQUIRE(events.stats().topics.size() == 2);
    CHECK(events.stats().topics[0].name == "/news");
    CHECK(events.stats().topics[1].name == "/news?lang=de");
    CHECK(crier::topic_of(get("/a?b")).value() == "/a?b");
    events.shutdown();
    test.run();
}

TEST_CASE("the topic of an escaped path is its text, and what is none is refused with 400") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    stream open{test, events, {}, get("/caf%C3%A9%2F1?x=%20")};
    open.read();
    events.publish("/caf\u00e9/1?x=%20", "1");
    CHECK(open.read() == chunk("data: 1\n\n"));
    for (const char* target : {"/%zz", "/%", "/%00", "/%FF"}) {
        CAPTURE(target);
        stream refused{test, events, {}, get(target)};
        CHECK(refused.read().starts_with("HTTP/1.1 400 "));
        CHECK(refused.reason == end_reason::refused);
        const stream named{test, events, topic("a"), get(target)};
        CHECK_FALSE(named.reason);
    }
    CHECK(streams_of(events).ended[static_cast<std::size_t>(end_reason::refused)] == 4);
    events.shutdown();
    test.run();
}

TEST_CASE("one stream carries several topics in one order") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    serve_options options;
    options.topics.resize(2);
    options.topics[0].name = "a";
    options.topics[1].name = "b";
    stream open{test, events, std::move(options)};
    open.read();
    events.publish("b", "1");
    events.publish("a", "2");
    CHECK(open.read() == chunk("data: 1\n\n") + chunk("data: 2\n\n"));
    events.shutdown();
    test.run();
}

TEST_CASE("a heartbeat is sent when nothing was written for the interval, and not before") {
    context test;
    manager events{test.io.get_executor(), {.heartbeat_interval = 15s, .ids = false}};
    stream open{test, events, topic("a")};
    CHECK(open.read() == header);
    test.advance(14s);
    CHECK(open.read().empty());
    test.advance(1s);
    CHECK(open.read() == chunk(":\n\n"));
    test.advance(10s);
    events.publish("a", "1");
    CHECK(open.read() == chunk("data: 1\n\n"));
    test.advance(14s);
    CHECK(open.read().empty());
    test.advance(1s);
    CHECK(open.read() == chunk(":\n\n"));
    CHECK(events.stats().delivered == 1);
    events.shutdown();
    test.run();
}

TEST_CASE("the heartbeat's text and end are the manager's") {
    context test;
    manager events{test.io.get_executor(), {.heartbeat_interval = 15s,
                                               .heartbeat_text = "ping",
                                               .heartbeat_end = crier::comment_end::line_feed}};
    stream open{test, events, topic("a")};
    open.read();
    test.advance(15s);
    CHECK(open.read() == chunk(": ping\n"));
    events.shutdown();
    test.run();
}

TEST_CASE("heartbeats may be events without an id, which pages see") {
    context test;
    manager events{test.io.get_executor(), {.heartbeat_interval = 15s, .heartbeat_events = true}};
    stream open{test, events, topic("a")};
    open.read();
    test.advance(15s);
    CHECK(open.read() == chunk("event: crier.heartbeat\ndata: \n\n"));
    events.shutdown();
    test.run();
}

TEST_CASE("HEAD is answered with the header alone, and holds no stream") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    request_type head = get("/");
    head.method(http::verb::head);
    stream asking{test, events, {}, std::move(head)};
    CHECK(asking.read() == header);
    CHECK(asking.reason == end_reason::head);
    CHECK(events.stats().topics.empty());
    CHECK(streams_of(events).ended[static_cast<std::size_t>(end_reason::head)] == 1);
}

TEST_CASE("a client that goes away while idle is noticed, by FIN and by RST") {
    for (const bool by_reset : {false, true}) {
        context test;
        manager events{test.io.get_executor(), {.ids = false}};
        stream open{test, events, topic("a")};
        open.read();
        CHECK(events.stats().topics.size() == 1);
        by_reset ? open.peer.reset() : open.peer.socket.close();
        test.run();
        CHECK(open.reason == end_reason::client_left);
        CHECK(events.stats().topics.empty());
        CHECK(streams_of(events).open == 0);
        CHECK(streams_of(events).ended[static_cast<std::size_t>(end_reason::client_left)] == 1);
    }
}

TEST_CASE("what a client sends on is read and ignored") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    stream open{test, events, topic("a")};
    open.read();
    open.peer.send(std::string(4'000, 'x'));
    events.publish("a", "1");
    CHECK(open.read() == chunk("data: 1\n\n"));
    CHECK_FALSE(open.reason);
    open.peer.socket.close();
    test.run();
    CHECK(open.reason == end_reason::client_left);
}

TEST_CASE("a client that goes on sending is cut") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    stream open{test, events, topic("a")};
    open.peer.send(std::string(5'000, 'x'));
    test.run();
    CHECK(open.reason == end_reason::write_error);
}

TEST_CASE(
    "a slow client holds up the end for one interval only, and a cancellation ends it at once") {
    for (const bool cancelled : {false, true}) {
        context test;
        manager events{test.io.get_executor(), {.heartbeat_interval = 10s, .ids = false}};
        stream open{test, events, topic("a")};
        const std::string large(1'000'000, 'x');
        for (int i = 0; i < 30; ++i) {
            events.publish("a", large);
        }
        test.run();
        events.shutdown();
        test.run();
        CHECK_FALSE(open.reason);
        if (cancelled) {
            open.cancellation.emit(asio::cancellation_type::terminal);
            test.run();
            CHECK(open.reason == end_reason::cancelled);
        } else {
            char little[1000];
            const int seconds = test.seconds_until([&] {
                open.peer.socket.read_some(asio::buffer(little));
                return open.reason.has_value();
            });
            CHECK(seconds <= 21);
            CHECK(open.reason == end_reason::stalled);
        }
    }
}

TEST_CASE("what a session does leaves its caller's cancellation as it was") {
    context test;
    crier::promise_single_thread(test.io);
    manager events{test.io.get_executor(), {.ids = false}};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const request_type request = get("/");
    asio::cancellation_signal cancellation;
    bool after = false;
    bool failed = false;
    const auto flow = [&]() -> asio::awaitable<void> {
        co_await crier::serve(socket, request, events);
        after = true;
        crier::timer never{test.io, crier::clock::time_point::max()};
        co_await never.async_wait(asio::use_awaitable);
    };
    asio::co_spawn(test.io, flow(),
        asio::bind_cancellation_slot(cancellation.slot(),
            [&](const std::exception_ptr& error) { failed = error != nullptr; }));
    test.run();
    events.shutdown();
    test.run();
    CHECK(after);
    cancellation.emit(asio::cancellation_type::terminal);
    test.run();
    CHECK(failed);
}

TEST_CASE("bytes from the client at any moment of the end do not hold it up") {
    for (int steps = 0; steps < 12; ++steps) {
        CAPTURE(steps);
        context test;
        manager events{test.io.get_executor(), {.ids = false}};
        stream open{test, events, topic("a")};
        events.shutdown();
        test.io.restart();
        for (int i = 0; i < steps; ++i) {
            test.io.poll_one();
        }
        if (!open.reason) {
            open.peer.send("x");
        }
        test.run();
        CHECK(open.reason == end_reason::shutdown);
    }
}

TEST_CASE("a burst over the queue's limit loses nothing for a client that takes it") {
    context test;
    manager events{test.io.get_executor(), {.ids = false, .queue = {8, 1'000}}};
    stream open{test, events, topic("a")};
    CHECK(open.read() == header);
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        events.publish("a", std::to_string(i));
        expected += chunk("data: " + std::to_string(i) + "\n\n");
    }
    CHECK(open.read() == expected);
    CHECK(events.stats().dropped == 0);
    events.shutdown();
}

TEST_CASE("a client that takes nothing misses events, and is cut after the interval") {
    context test;
    manager events{test.io.get_executor(),
        {.heartbeat_interval = 10s, .log = [](crier::severity, std::string_view) {}}};
    stream open{test, events, topic("a")};
    const std::string large(100'000, 'x');
    for (int i = 0; i < 200; ++i) {
        events.publish("a", large);
        test.run();
    }
    CHECK(events.stats().dropped > 0);
    CHECK(streams_of(events).open == 1);
    CHECK(test.seconds_until([&] { return open.reason.has_value(); }) >= 9);
    CHECK(open.reason == end_reason::stalled);
    CHECK(events.stats().topics.empty());
}

TEST_CASE("a slow client gets whole events in order, and stays while it takes some") {
    context test;
    manager events{test.io.get_executor(), {.heartbeat_interval = 10s,
                                               .queue = {1'000, 100'000'000},
                                               .log = [](crier::severity, std::string_view) {}}};
    stream open{test, events, topic("a")};
    const std::string large(50'000, 'x');
    bool one_by_one = false;
    SUBCASE("that wait together") {}
    SUBCASE("each of which is written before the next") { one_by_one = true; }
    for (int i = 0; i < 200; ++i) {
        events.publish("a", std::to_string(i) + large);
        if (one_by_one) {
            test.run();
        }
    }
    std::string received;
    for (int round = 0; round < 2'000 && received.find("199xxx") == received.npos; ++round) {
        test.advance(1s);
        received += open.peer.read_available();
    }
    events.shutdown();
    received += open.read();
    received = without_date(std::move(received)).substr(header.size());
    const crier::test::event_reader reader{unchunked(received)};
    REQUIRE(reader.events.size() == 200);
    for (std::size_t i = 0; i < 200; ++i) {
        CHECK(reader.events[i].data == std::to_string(i) + large);
    }
    CHECK(open.reason == end_reason::shutdown);
}

TEST_CASE("shutdown ends open streams properly, after what was published before") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    stream open{test, events, topic("a")};
    open.read();
    events.publish("a", "last");
    events.shutdown();
    CHECK(open.read() == chunk("data: last\n\n") + "0\r\n\r\n");
    CHECK(open.peer.at_end);
    CHECK(open.reason == end_reason::shutdown);
    CHECK(streams_of(events).ended[static_cast<std::size_t>(end_reason::shutdown)] == 1);
}

TEST_CASE("after shutdown a new stream is refused with 503") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    events.shutdown();
    stream refused{test, events};
    CHECK(refused.read().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK(refused.reason == end_reason::refused);
    CHECK(streams_of(events).open == 0);
}

TEST_CASE("destroying the manager ends its streams") {
    context test;
    std::optional<manager> events{std::in_place, test.io.get_executor()};
    stream open{test, *events, topic("a")};
    events.reset();
    test.run();
    CHECK(open.reason == end_reason::shutdown);
}

TEST_CASE("what is no request for an event stream is refused before anything is subscribed") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    const auto answer = [&](request_type request) {
        stream refused{test, events, {}, std::move(request)};
        CHECK(refused.reason == end_reason::refused);
        CHECK(events.stats().topics.empty());
        return refused.read();
    };
    request_type post = get("/");
    post.method(http::verb::post);
    const std::string not_allowed = answer(post);
    CHECK(not_allowed.starts_with("HTTP/1.1 405 "));
    CHECK(not_allowed.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos);
    request_type wrong_type = get("/");
    wrong_type.set(http::field::accept, "text/html");
    CHECK(answer(wrong_type).starts_with("HTTP/1.1 406 "));
    request_type coded = get("/");
    coded.set(http::field::transfer_encoding, "gzip");
    CHECK(answer(coded).starts_with("HTTP/1.1 400 "));
    request_type two_hosts = get("/");
    two_hosts.insert(http::field::host, "b");
    CHECK(answer(two_hosts).starts_with("HTTP/1.1 400 "));
    CHECK(streams_of(events).ended[static_cast<std::size_t>(end_reason::refused)] == 4);
}

TEST_CASE("polling starts with the first stream and stops with the last") {
    context test;
    int fetches = 0;
    manager events{test.io.get_executor(), {.ids = false}};
    const auto counter = [&]() -> asio::awaitable<boost::json::value> { co_return ++fetches; };
    serve_options options = topic("a");
    options.polling = crier::polling(counter, {.interval = 1s});
    std::optional<stream> first;
    first.emplace(test, events, options);
    stream second{test, events, options};
    CHECK(fetches == 1);
    CHECK(first->read() == header + chunk("data: 1\n\n"));
    first->peer.socket.close();
    test.advance(1s);
    CHECK(fetches == 2);
    second.peer.socket.close();
    test.run();
    test.advance(1s);
    CHECK(fetches == 2);
    CHECK(events.stats().topics.empty());
}

TEST_CASE("a cancelled session ends its stream properly and leaves nothing") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    stream open{test, events, topic("a")};
    open.read();
    open.cancellation.emit(asio::cancellation_type::terminal);
    CHECK(open.read() == "0\r\n\r\n");
    CHECK(open.reason == end_reason::cancelled);
    CHECK(events.stats().topics.empty());
}

TEST_CASE("the socket is given back as it was") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const request_type request = get("/");
    std::optional<end_reason> reason;
    asio::co_spawn(test.io, crier::serve(socket, request, events),
        [&](const std::exception_ptr&, end_reason end) { reason = end; });
    test.run();
    CHECK(socket.non_blocking());
    events.shutdown();
    test.run();
    CHECK(reason == end_reason::shutdown);
    CHECK_FALSE(socket.non_blocking());
    CHECK(socket.is_open());
}

TEST_CASE("the kernel is kept from buffering for a client that takes nothing") {
    context test;
    manager events{test.io.get_executor(), {.heartbeat_interval = 7s, .ids = false}};
    stream open{test, events, topic("a")};
    asio::socket_base::send_buffer_size size;
    open.socket.get_option(size);
    CHECK(size.value() <= 2 * 64 * 1024); // Linux reports twice what was asked for
    tcp::no_delay no_delay;
    open.socket.get_option(no_delay);
    CHECK(no_delay.value());
    asio::detail::socket_option::integer<IPPROTO_TCP, 18> user_timeout;
    open.socket.get_option(user_timeout);
    CHECK(user_timeout.value() == 7'000);
    events.shutdown();
    test.run();
}

TEST_CASE(
    "a session runs on any stream: a local socket, Beast's tcp_stream, one without a socket") {
    context test;
    manager events{test.io.get_executor(), {.heartbeat_interval = 10s, .ids = false}};
    const request_type request = get("/");
    std::vector<end_reason> reasons;
    const auto ended = [&](const std::exception_ptr& error, end_reason end) {
        CHECK_FALSE(error);
        reasons.push_back(end);
    };
    asio::local::stream_protocol::socket local{test.io};
    asio::local::stream_protocol::socket local_peer{test.io};
    asio::local::connect_pair(local, local_peer);
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client tcp_peer{acceptor.local_endpoint().port()};
    boost::beast::tcp_stream over_tcp{acceptor.accept()};
    over_tcp.expires_after(1ms);
    client layered_peer{acceptor.local_endpoint().port()};
    layered over{acceptor.accept()};
    asio::co_spawn(test.io, crier::serve(local, request, events), ended);
    asio::co_spawn(test.io, crier::serve(over_tcp, request, events), ended);
    asio::co_spawn(test.io, crier::serve(over, request, events), ended);
    test.run();
    events.publish("/", "1");
    test.run();
    test.advance(10s);
    events.publish("/", "2");
    events.shutdown();
    test.run();
    const std::string expected =
        header + chunk("data: 1\n\n") + chunk(":\n\n") + chunk("data: 2\n\n") + "0\r\n\r\n";
    CHECK(without_date(tcp_peer.read_available()) == expected);
    CHECK(without_date(layered_peer.read_available()) == expected);
    std::string bytes(2 * expected.size(), '\0');
    bytes.resize(local_peer.read_some(asio::buffer(bytes)));
    CHECK(without_date(bytes) == expected);
    CHECK(reasons == std::vector<end_reason>(3, end_reason::shutdown));
}

namespace {

/// A session on a stream that is no socket.
struct layered_stream {
    const request_type request = get("/");
    std::optional<end_reason> reason;
    tcp::acceptor acceptor;
    client peer{acceptor.local_endpoint().port()};
    layered over{acceptor.accept()};

    layered_stream(context& test, manager& events)
        : acceptor{test.io, {asio::ip::address_v4::loopback(), 0}} {
        asio::co_spawn(test.io, crier::serve(over, request, events),
            [this](const std::exception_ptr&, end_reason end) { reason = end; });
        test.run();
    }
};

} // namespace

TEST_CASE("a client that leaves a stream without a socket, or takes nothing of it, is noticed") {
    for (const bool leaves : {true, false}) {
        context test;
        manager events{test.io.get_executor(), {.heartbeat_interval = 10s, .ids = false}};
        layered_stream open{test, events};
        const std::string large(1'000'000, 'x');
        if (leaves) {
            open.peer.socket.close();
        } else {
            for (int i = 0; i < 20; ++i) {
                events.publish("/", large);
                test.run();
            }
            test.seconds_until([&] { return open.reason.has_value(); });
        }
        test.run();
        CHECK(open.reason == (leaves ? end_reason::client_left : end_reason::stalled));
    }
}

TEST_CASE("a slow client of a stream without a socket gets whole events in order") {
    context test;
    manager events{test.io.get_executor(), {.ids = false, .queue = {1'000, 100'000'000}}};
    layered_stream open{test, events};
    const std::string large(100'000, 'x');
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        events.publish("/", std::to_string(i) + large);
        expected += "data: " + std::to_string(i) + large + "\n\n";
        test.run();
    }
    events.shutdown();
    std::string received;
    while (!open.reason) {
        test.run();
        received += open.peer.read_available();
    }
    received += open.peer.read_available();
    CHECK(unchunked(without_date(received).substr(header.size())) == expected);
    CHECK(open.reason == end_reason::shutdown);
}

TEST_CASE("a coroutine on another strand is served on the manager's") {
    context test;
    manager events{test.io.get_executor(), {.ids = false}};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const request_type request = get("/");
    std::optional<end_reason> reason;
    asio::co_spawn(asio::make_strand(test.io), crier::serve(socket, request, events),
        [&](const std::exception_ptr&, end_reason end) { reason = end; });
    test.run();
    events.publish("/", "1");
    test.run();
    CHECK(without_date(peer.read_available()) == header + chunk("data: 1\n\n"));
    peer.socket.close();
    test.run();
    CHECK(reason == end_reason::client_left);
}

TEST_CASE("a session without a chance to end goes with its context") {
    asio::io_context io{1};
    manager events{io.get_executor(), {.ids = false}};
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const request_type request = get("/");
    asio::co_spawn(io, crier::serve(socket, request, events), [](auto&&...) {});
    io.poll();
    CHECK(streams_of(events).open == 1);
}

TEST_CASE("a session that goes with its context is counted no more") {
    asio::io_context other{1};
    manager events{other.get_executor(), {.ids = false}};
    {
        asio::io_context io{1};
        crier::promise_single_thread(io);
        tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
        client peer{acceptor.local_endpoint().port()};
        tcp::socket socket{acceptor.accept()};
        const request_type request = get("/");
        asio::co_spawn(io, crier::serve(socket, request, events), [](auto&&...) {});
        io.poll();
        CHECK(streams_of(events).open == 1);
    }
    other.poll();
    CHECK(streams_of(events).open == 0);
}

TEST_CASE("what a session was given is gone before its caller, on another thread, goes on") {
    // Where it is not, its destruction meets the end of serve, which it waits for a little.
    struct witness {
        std::shared_future<void> returned;
        std::atomic<bool>& late;
        std::promise<void>& gone;
        ~witness() {
            late = returned.wait_for(500ms) == std::future_status::ready;
            gone.set_value();
        }
    };
    std::promise<void> gone;
    std::promise<void> told;
    std::atomic<bool> late{false};
    asio::io_context mine{1};
    asio::io_context other{1};
    auto work = asio::make_work_guard(other);
    manager events{other.get_executor(), {.ids = false}};
    tcp::acceptor acceptor{mine, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const request_type request = get("/");
    {
        serve_options options;
        const std::shared_ptr<witness> given{new witness{told.get_future().share(), late, gone}};
        options.on_gap = [given](const crier::gap&) -> asio::awaitable<std::vector<crier::event>> {
            co_return std::vector<crier::event>{};
        };
        asio::co_spawn(mine, crier::serve(socket, request, events, std::move(options)),
            [&](const std::exception_ptr&, end_reason) { told.set_value(); });
    }
    std::thread there{[&] { other.run(); }};
    std::thread here{[&] { mine.run(); }};
    peer.read_until("\r\n\r\n");
    peer.socket.close();
    gone.get_future().wait();
    here.join();
    work.reset();
    events.shutdown();
    there.join();
    CHECK_FALSE(late);
}

TEST_CASE("a cancellation that comes after the session went with its context finds nothing") {
    context test;
    asio::cancellation_signal cancellation;
    auto other = std::make_unique<asio::io_context>(1);
    auto events = std::make_unique<manager>(other->get_executor(), crier::manager_options{});
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    const request_type request = get("/");
    asio::co_spawn(test.io, crier::serve(socket, request, *events),
        asio::bind_cancellation_slot(cancellation.slot(), [](auto&&...) {}));
    test.run();
    other->poll();
    CHECK(streams_of(*events).open == 1);
    socket.close(); // the handlers go to the other context, which is not run any more
    test.run();
    events.reset();
    other.reset();
    test.run();
    cancellation.emit(asio::cancellation_type::terminal);
    test.run();
}
