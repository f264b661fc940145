// A server for the clients of others: GET /TOPIC is a stream, POST /TOPIC publishes the event that
// its body describes, GET /state tells how many connections and streams there are. It writes to
// stdout who asks, and which topics have a reader.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>
#include <crier/http/stream_counts.hpp>
#if HAVE_SQLITE_JOURNAL
#include <crier/journal/sqlite_journal.hpp>
#endif

#include "common/options.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace {

void tell(const std::string& line) { std::cout << line + '\n' << std::flush; }

/// Not a source: it is started with a topic's first subscriber, when an event can no longer be
/// published too early, and stopped after its last.
class witness : public crier::polling_service {
public:
    explicit witness(std::string topic) : topic_{std::move(topic)} {}

    void start(crier::publisher& /*to*/) override { tell("begin " + topic_); }

    asio::awaitable<void> stop() override {
        tell("end " + topic_);
        co_return;
    }

private:
    std::string topic_;
};

std::string text_of(const json::object& fields, std::string_view name) {
    const json::value* const found = fields.if_contains(name);
    return found == nullptr ? std::string{} : std::string{found->as_string()};
}

crier::event event_of(std::string_view body) {
    const json::value described = json::parse(body);
    const json::object& fields = described.as_object();
    crier::event made{text_of(fields, "type"), text_of(fields, "data"), text_of(fields, "id"), {}};
    if (const json::value* const retry = fields.if_contains("retry")) {
        made.retry = std::chrono::milliseconds{retry->to_number<std::int64_t>()};
    }
    return made;
}

std::string state_of(
    const crier::exchange& request, const crier::server& server, const crier::manager& events) {
    return json::serialize(json::value{{"protocol", request.protocol()},
        {"connections", server.connections()}, {"streams", crier::streams_of(events).open}});
}

asio::awaitable<void> handle(
    crier::exchange& request, const crier::server& server, crier::manager& events) {
    const std::string topic{request.path()};
    if (topic == "/") {
        // With an icon, so that a browser asks for none.
        std::string page = R"(<!doctype html><title>stream</title><link rel="icon" href="data:,">)";
        co_await request.respond(http::status::ok, std::move(page), "text/html; charset=utf-8");
    } else if (topic == "/state") {
        std::string state = state_of(request, server, events);
        co_await request.respond(http::status::ok, std::move(state), "application/json");
    } else if (request.request().method() == http::verb::post) {
        events.publish(topic, event_of(request.request().body())).value();
        co_await request.respond(http::status::no_content);
    } else {
        tell("asked " + topic + ' ' + std::string{request.request()["Last-Event-ID"]});
        crier::serve_options options;
        options.topic = topic;
        options.polling = std::make_shared<witness>(topic);
        co_await request.stream(events, std::move(options));
    }
}

/// Events keep the ids that they are published with, if there is no journal to number them.
crier::manager_options managing(const std::string& journal) {
    crier::manager_options options;
    options.ids = !journal.empty();
#if HAVE_SQLITE_JOURNAL
    if (!journal.empty()) {
        options.rules = {{.matches = crier::starting_with("/"), .history = {.events = 1000}}};
        options.journal =
            std::make_shared<crier::sqlite_journal>(crier::sqlite_journal_options{.path = journal});
    }
#endif
    return options;
}

int run(const crier::server_options& options, const std::string& journal) {
    crier::server server{options};
    crier::manager events{server.get_executor(), managing(journal)};
    server.on_shutdown([&events] { events.shutdown(); });
    example::obey_signals(server, options);
    tell(example::url_of(server, options) + '/');
    server.run([&](crier::exchange& request) { return handle(request, server, events); });
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    crier::server_options options;
    std::string journal;
    CLI::App app{"Serves streams to the clients of others."};
    example::add_listening_options(app, options);
    app.add_option_function<std::size_t>(
        "--http2-streams",
        [&options](std::size_t count) { options.http2.emplace().streams = count; },
        "how many a connection of HTTP/2 may have");
    app.add_option("--journal", journal, "file for SQLite");
    return example::run_with(app, argc, argv, [&] { return run(options, journal); });
}
