// A server for the clients of others: GET /TOPIC is a stream, POST /TOPIC publishes the event that
// its body describes. It writes to stdout who asks, and which topics have a reader.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "../conformance/named_port.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <exception>
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

asio::awaitable<void> handle(crier::exchange& request, crier::manager& events) {
    const std::string topic{request.path()};
    if (topic == "/") {
        std::string page = "<!doctype html><title>stream</title>";
        co_await request.respond(http::status::ok, std::move(page), "text/html; charset=utf-8");
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

} // namespace

int main(int argc, char** argv) try {
    crier::server_options options;
    options.port = named_port(argc, argv);
    crier::server server{options};
    crier::manager_options as_published;
    as_published.ids = false;
    crier::manager events{server.get_executor(), as_published};
    server.on_shutdown([&events] { events.shutdown(); });
    server.shutdown_on_signals();
    tell("http://127.0.0.1:" + std::to_string(server.local_endpoint().port()) + "/");
    server.run([&events](crier::exchange& request) { return handle(request, events); });
} catch (const std::exception& error) {
    std::cerr << "stream: " << error.what() << '\n';
    return 2;
}
