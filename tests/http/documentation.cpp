// The examples that stand in the comments of the public classes, as they stand there.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "support/context.hpp"
#include "support/running_server.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid.hpp>

#include <map>
#include <string>

using crier::test::context;
namespace asio = boost::asio;
namespace http = boost::beast::http;

TEST_CASE("event") {
    crier::event moved{.type = "moved", .data = R"({"x":1,"y":2})"};
    CHECK(*crier::encode(moved) == "event: moved\ndata: {\"x\":1,\"y\":2}\n\n");
}

TEST_CASE("parser") {
    int sum = 0;
    crier::parser parser;
    std::string_view bytes = "data: 1\n\ndata: 2\n\n";
    while (const auto event = parser.next(bytes).value()) {
        sum += std::stoi(std::string{event->data});
    }
    CHECK(sum == 3);
}

TEST_CASE("signal") {
    context test;
    const asio::any_io_executor executor = test.io.get_executor();
    crier::signal changed{executor};
    changed.set(); // any thread
    bool done = false;
    test.spawn([](crier::signal& on, bool& woken) -> asio::awaitable<void> {
        co_await on.async_wait(boost::asio::use_awaitable); // completes at once
        woken = true;
    }(changed, done));
    CHECK(done);
}

TEST_CASE("hub") {
    context test;
    const asio::any_io_executor executor = test.io.get_executor();
    const boost::uuids::uuid request = boost::uuids::random_generator{}();
    crier::hub<boost::uuids::uuid> hub{executor};
    auto subscription = hub.subscribe(request); // first subscribe, then read the state
    hub.publish(request);
    bool done = false;
    test.spawn([](auto& on, bool& woken) -> asio::awaitable<void> {
        co_await on.async_wait(boost::asio::use_awaitable);
        woken = true;
    }(subscription, done));
    CHECK(done);
}

TEST_CASE("broker") {
    context test;
    crier::broker broker{test.io.get_executor()};
    auto subscription = broker.subscribe(16);
    broker.publish("tick 1");
    std::string text;
    test.spawn([](crier::subscription& from, std::string& to) -> asio::awaitable<void> {
        crier::frame next = co_await from.async_receive();
        to = next.text();
    }(subscription, text));
    CHECK(text == "data: tick 1\n\n");
}

TEST_CASE("manager and polling") {
    context test;
    const auto read_load = []() -> asio::awaitable<boost::json::value> { co_return 0.5; };
    auto load = crier::polling(read_load, {.interval = std::chrono::seconds{1}});
    crier::manager manager{test.io.get_executor()};
    manager.publish("prices", std::map<std::string, double>{{"ABC", 12.5}});
    std::vector<crier::topic_options> topics(1);
    topics[0].name = "load";
    topics[0].polling = load;
    crier::subscription mine = manager.subscribe(topics);
    test.run();
    CHECK(mine.try_receive()->text().starts_with("data: 5E-1\nid: "));
}

TEST_CASE("cors_options") {
    crier::cors_options cors;
    cors.origins = {"https://app.example", "http://localhost:3000"};
    CHECK_NOTHROW(crier::check_options(cors));
    http::request<http::string_body> request{http::verb::get, "/", 11};
    request.set(http::field::origin, "http://localhost:3000");
    http::response<http::string_body> response;
    crier::set_fields(response, crier::cors_fields(cors, crier::head_of(request)));
    CHECK(response["Access-Control-Allow-Origin"] == "http://localhost:3000");
}

TEST_CASE("serve and stream_writer") {
    crier::server_options on_free_port{.port = 0};
    crier::server server{on_free_port};
    crier::manager manager{server.get_executor()};
    std::thread running{[&] {
        server.run([&](crier::exchange& request) -> asio::awaitable<void> {
            auto& stream = request.socket();
            if (request.path() == "/prices") {
                crier::serve_options options{.topic = "prices"};
                co_await crier::serve(stream, request.request(), manager, std::move(options));
                co_return;
            }
            crier::signal changed{stream.get_executor()};
            changed.set();
            int events = 0;
            crier::stream_writer out{
                stream, request.request().version(), co_await asio::this_coro::executor};
            co_await out.write_headers();
            while (co_await out.wait(changed)) {
                const crier::event next{.data = std::to_string(++events)};
                co_await out.write(next);
                changed.close();
            }
            co_await out.finish();
        });
    }};
    server.on_shutdown([&manager] { manager.shutdown(); });
    crier::test::client prices{server.local_endpoint().port()};
    prices.get("/prices");
    CHECK(prices.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    const auto published = manager.publish("prices", "12.5");
    CHECK(prices.read_until("\n\n\r\n")
            .ends_with("\r\ndata: 12.5\nid: " + to_string(*published) + "\n\n\r\n"));
    crier::test::client parts{server.local_endpoint().port()};
    parts.get("/parts");
    const std::string stream = parts.read_to_end();
    CHECK(stream.substr(stream.find("\r\n\r\n") + 4) == "9\r\ndata: 1\n\n\r\n0\r\n\r\n");
    server.shutdown();
    running.join();
}
