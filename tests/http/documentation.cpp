// Examples from the comments of the public classes and from README.md, with what each needs around
// it.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "support/context.hpp"
#include "support/running_server.hpp"
#include "support/served_stream.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid.hpp>

#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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
        co_await on.async_wait(); // completes at once
        woken = true;
    }(changed, done));
    CHECK(done);
}

namespace {

asio::awaitable<void> take_first(
    asio::any_io_executor executor, std::function<std::string()> next_token, std::string& taken) {
    std::jthread worker; // is joined after the channel has gone, which ends its work
    crier::channel<std::string> tokens{executor, 16};
    worker = std::jthread{[to = tokens.make_sender(), &next_token] {
        bool is_wanted = true;
        while (is_wanted) {
            is_wanted = to.send(next_token());
        }
    }};
    const std::optional<std::string> first = co_await tokens.receive();
    taken = first.value_or("none");
}

} // namespace

TEST_CASE("channel") {
    context test;
    std::string taken;
    test.spawn(take_first(test.io.get_executor(), [] { return "token"; }, taken));
    CHECK(test.run_until([&] { return !taken.empty(); }));
    CHECK(taken == "token");
}

TEST_CASE("while_connected and shutdown_token") {
    const auto compute = [](std::string prompt) -> asio::awaitable<std::string> {
        co_return prompt + "!";
    };
    crier::test::running_server running{[&](crier::exchange& request) -> asio::awaitable<void> {
        const std::string prompt = "one";
        crier::channel<std::string> tokens{request.get_executor(), 1};
        const std::stop_callback at_shutdown{
            request.shutdown_token(), [&tokens] { tokens.close(); }};
        const std::string text = co_await request.while_connected(compute(prompt));
        co_await request.respond(boost::beast::http::status::ok, text);
        co_await tokens.receive();
    }};
    crier::test::client peer = running.connect();
    peer.get("/");
    CHECK(peer.read_until("one!").ends_with("\r\n\r\none!"));
    running.stop(std::chrono::seconds{10});
    CHECK(peer.read_to_end().empty());
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
        co_await on.async_wait();
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

TEST_CASE("topic_rule::source") {
    context test;
    const auto read_sensor = [](std::string name) -> asio::awaitable<boost::json::value> {
        co_return boost::json::value(name);
    };
    crier::topic_rule sensors{.matches = crier::starting_with("sensor/")};
    sensors.source = [read_sensor](std::string_view topic) {
        return crier::polling(
            [read_sensor, name = std::string{topic}] { return read_sensor(name); },
            {.interval = std::chrono::seconds{1}});
    };
    crier::manager_options options;
    options.rules = {sensors};
    crier::manager manager{test.io.get_executor(), std::move(options)};
    crier::subscription mine = manager.subscribe("sensor/7");
    test.run();
    CHECK(mine.try_receive()->text().starts_with("data: \"sensor/7\"\nid: "));
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
            bool is_open = co_await out.wait(changed);
            while (is_open) {
                const crier::event next{.data = std::to_string(++events)};
                co_await out.write(next);
                changed.close();
                is_open = co_await out.wait(changed);
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

TEST_CASE("README: publishing") {
    context test;
    crier::manager manager{test.io.get_executor()};
    std::vector<crier::topic_options> topics(2);
    topics[0].name = "log";
    topics[1].name = "prices";
    crier::subscription all = manager.subscribe(topics);
    manager.publish("log", "the market opens");
    manager.publish("prices", std::map<std::string, double>{{"ACME", 12.5}});
    manager.publish("prices", crier::event{.type = "closed", .data = "ACME"});
    manager.publish("prices", 12.75, {.type = "price", .key = "ACME"});
    manager.publish("prices", std::vector<double>{1, std::nan(""), HUGE_VAL});
    test.run();
    for (const char* expected :
        {"data: the market opens\n", "data: {\"ACME\":1.25E1}\n", "event: closed\ndata: ACME\n",
            "event: price\ndata: 1.275E1\n", "data: [1E0,null,null]\n"}) {
        CHECK(all.try_receive()->text().starts_with(expected));
    }

    const auto type = manager.publish("log", crier::event{.type = "crier.mine"});
    CHECK(type.error() == crier::errc::reserved_type);
    const auto first = manager.publish("log", "mine");
    const auto id = manager.publish("log", crier::event{.id = to_string(*first)});
    CHECK(id.error() == crier::errc::reserved_id);
    CHECK(manager.stats().refused == 2);
    CHECK(manager.publish("for nobody", crier::event{.type = "crier.mine"}));
}

TEST_CASE("README: history") {
    context test;
    crier::manager_options options;
    crier::topic_rule scores{.matches = crier::exactly("scores"), .history = {.events = 1000}};
    crier::topic_rule devices{.matches = crier::starting_with("device/")};
    devices.history = {.events = 100, .bytes = 256 * 1024, .age = std::chrono::minutes{10}};
    devices.retain = crier::retention::newest; // a new page gets the present state at once
    options.rules = {scores, devices};
    crier::manager manager{test.io.get_executor(), std::move(options)};
    const auto first = manager.publish("scores", "1:0");
    manager.publish("scores", "1:1");
    manager.publish("device/1", "on");
    crier::subscribe_options resumed;
    resumed.last_event_id = to_string(*first);
    crier::subscription later = manager.subscribe("scores", resumed);
    crier::subscription fresh = manager.subscribe("device/1");
    test.run();
    CHECK(later.try_receive()->text().starts_with("data: 1:1\n"));
    CHECK(fresh.try_receive()->text().starts_with("data: on\n"));
}

namespace {

/// Where the session of a coroutine on the context runs. The manager refuses it, so it ends at
/// once.
asio::any_io_executor executor_of_session(asio::io_context& context, crier::manager& manager) {
    asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
    const crier::test::client peer{acceptor.local_endpoint().port()};
    asio::ip::tcp::socket stream = acceptor.accept();
    const crier::test::request_type request = crier::test::get("/prices");
    asio::any_io_executor found;
    bool is_over = false;
    crier::sink_maker make = [&](const asio::any_io_executor& executor) {
        found = executor;
        return crier::make_sink(stream, executor); // or one of your own
    };
    asio::co_spawn(context,
        crier::serve(std::move(make), crier::head_of(request), manager, crier::serve_options{}),
        [&is_over](const std::exception_ptr&, crier::end_reason) { is_over = true; });
    while (!is_over) {
        context.restart();
        context.run_one();
    }
    return found;
}

} // namespace

TEST_CASE("README: threads") {
    asio::io_context many{2};
    crier::manager on_strand{many.get_executor()};
    on_strand.shutdown();
    CHECK(executor_of_session(many, on_strand) == on_strand.get_executor());
    CHECK(on_strand.get_executor() != asio::any_io_executor{many.get_executor()});

    asio::io_context context{1}; // one for each thread
    crier::promise_single_thread(context);
    crier::manager manager{context.get_executor()};
    manager.shutdown();
    CHECK(executor_of_session(context, manager) == asio::any_io_executor{context.get_executor()});
}

namespace {

asio::awaitable<void> write_tokens(crier::exchange& request, std::vector<std::string> tokens) {
    const auto next_token = [&tokens]() -> asio::awaitable<std::optional<std::string>> {
        if (tokens.empty()) {
            co_return std::nullopt;
        }
        std::string token = std::move(tokens.front());
        tokens.erase(tokens.begin());
        co_return token;
    };
    crier::stream_writer out = request.writer();
    co_await out.write_headers();
    while (true) {
        const std::optional<std::string> token = co_await out.while_connected(next_token());
        if (!token) {
            break;
        }
        co_await out.write(*token); // text, JSON, an event or a frame
    }
    co_await out.finish();
}

} // namespace

TEST_CASE("README: streams by hand, and CORS") {
    crier::cors_options cors;
    cors.origins = {"https://app.example"}; // as browsers send it: no path, no slash at the end
    crier::test::running_server running{[&cors](crier::exchange& request) -> asio::awaitable<void> {
        const bool is_answered = co_await request.allow_origins(cors); // it was a preflight
        if (is_answered) {
            co_return;
        }
        std::vector<std::string> tokens{"one", "two"};
        co_await write_tokens(request, std::move(tokens));
    }};
    crier::test::client peer = running.connect();
    peer.send("OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
              "Access-Control-Request-Method: GET\r\n\r\n");
    CHECK(peer.read_until("\r\n\r\n").starts_with("HTTP/1.1 204 No Content\r\n"));
    crier::test::client page = running.connect();
    page.get("/", "Origin: https://app.example\r\n");
    const std::string stream = page.read_to_end();
    CHECK(stream.find("\r\nAccess-Control-Allow-Origin: https://app.example\r\n") != stream.npos);
    CHECK(stream.ends_with("\r\n\r\nb\r\ndata: one\n\n\r\nb\r\ndata: two\n\n\r\n0\r\n\r\n"));
}

namespace {

/// What GCC 12 would destroy twice, were it a temporary beside `co_await`.
struct settings {
    std::shared_ptr<int> count{};
    std::string text{};
};

asio::awaitable<bool> counted(settings given) {
    ++*given.count;
    co_return true;
}

template <class Use>
asio::awaitable<void> with(Use use) {
    use();
    co_return;
}

asio::awaitable<settings> add(std::shared_ptr<int> to, int summand) {
    *to += summand;
    settings result{.count = std::move(to), .text = "also too long for the string's own room"};
    co_return result;
}

asio::awaitable<void> leave_early(std::shared_ptr<int> count) {
    settings named{.count = std::move(count), .text = {}};
    const bool is_done = co_await counted(std::move(named));
    if (is_done) {
        co_return;
    }
    throw std::logic_error{"not left"};
}

asio::awaitable<void> name_everything(std::shared_ptr<int> count, bool is_first) {
    asio::awaitable<void> leaving = leave_early(count);
    co_await std::move(leaving);

    bool done = false;
    while (!done) {
        settings again{.count = count, .text = "open"};
        const bool is_open = co_await counted(std::move(again));
        done = is_open;
    }

    settings options{.count = count, .text = "too long a text for the string's own room"};
    co_await counted(std::move(options));

    settings either = is_first ? settings{.count = count, .text = "one"}
                               : settings{.count = count, .text = "the other"};
    co_await counted(std::move(either));

    const auto use = [count] { ++*count; };
    co_await with(use);

    asio::awaitable<settings> chosen = is_first ? add(count, 10) : add(count, 20);
    const settings result = co_await std::move(chosen);
    CHECK(result.count == count);
}

} // namespace

TEST_CASE("README: with GCC 12") {
    for (const bool is_first : {true, false}) {
        context test;
        const auto count = std::make_shared<int>(0);
        test.spawn(name_everything(count, is_first));
        CHECK(*count == (is_first ? 15 : 25));
        CHECK(count.use_count() == 1);
    }
}

namespace {

/// Has its own copy of what it is given, where a lambda's would have gone with the lambda.
asio::awaitable<void> add_one(std::shared_ptr<int> to, crier::signal& go_on) {
    co_await go_on.async_wait();
    ++*to;
}

/// Counts what a cancelled coroutine may await yet.
asio::awaitable<void> wait_and_clean_up(crier::signal& never, crier::signal& set, int& awaited) {
    for (crier::signal* const each : {&never, &set}) {
        try {
            co_await each->async_wait();
            ++awaited;
        } catch (const boost::system::system_error& error) {
            CHECK(error.code() == asio::error::operation_aborted);
        }
    }
    co_await asio::this_coro::reset_cancellation_state();
    co_await set.async_wait();
    ++awaited;
}

asio::awaitable<void> wait_for_total(crier::signal& never) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await never.async_wait();
}

} // namespace

TEST_CASE("README: with Asio's coroutines") {
    using asio::cancellation_type;
    context test;
    crier::signal never{test.io.get_executor()};
    crier::signal set{test.io.get_executor()};
    asio::cancellation_signal cancellation;
    const auto run = [&](asio::awaitable<void> flow) {
        asio::co_spawn(test.io, std::move(flow),
            asio::bind_cancellation_slot(cancellation.slot(), [](const std::exception_ptr&) {}));
        test.run();
    };
    const auto ends_by = [&](cancellation_type type) {
        cancellation.emit(type);
        test.run();
        return test.io.stopped();
    };

    const auto count = std::make_shared<int>(0);
    run(add_one(count, set));
    CHECK(count.use_count() == 2);
    set.set();
    test.run();
    CHECK(*count == 1);

    int awaited = 0;
    set.set();
    run(wait_and_clean_up(never, set, awaited));
    CHECK_FALSE(ends_by(cancellation_type::total));
    CHECK_FALSE(ends_by(cancellation_type::partial));
    CHECK(ends_by(cancellation_type::terminal));
    CHECK(awaited == 1);

    run(wait_for_total(never));
    CHECK(ends_by(cancellation_type::total));
}
