// Streams for clients and suites of others: stream_server [--port PORT]

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "named_port.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace {

using crier::exchange;

crier::manager_options keeping() {
    crier::manager_options options;
    options.heartbeat_interval = std::chrono::seconds{1};
    // Some clients take a blank line for a message.
    options.heartbeat_end = crier::comment_end::line_feed;
    options.queue.events = 1000;
    options.rules.push_back({.matches = crier::starting_with("/topics/"),
        .history = {.events = 1000, .bytes = 16 * 1024 * 1024, .age = std::chrono::hours{1}}});
    return options;
}

crier::cors_options origins() {
    crier::cors_options cors;
    cors.origins.emplace_back("http://localhost:18099");
    cors.credentials = true;
    cors.headers.emplace_back("X-Token");
    return cors;
}

crier::event event_in(const std::string& body) {
    const json::value described = json::parse(body);
    const json::object& fields = described.as_object();
    const auto text = [&fields](std::string_view name) {
        const json::value* const found = fields.if_contains({name.data(), name.size()});
        return found == nullptr || found->is_null() ? std::string{}
                                                    : std::string{found->as_string()};
    };
    return {text("event"), text("data"), text("id"), {}};
}

class stream_server {
public:
    explicit stream_server(crier::server& server) : manager_{server.get_executor(), keeping()} {
        server.on_shutdown([this] { manager_.shutdown(); });
    }

    asio::awaitable<void> handle(exchange& request) {
        const bool is_answered = co_await request.allow_origins(cors_);
        if (is_answered) {
            co_return;
        }
        const bool posts = request.request().method() == http::verb::post;
        const std::string path{request.path()};
        if (path.starts_with("/topics/")) {
            if (posts) {
                co_await publish(request, path);
            } else {
                co_await stream(request, path);
            }
        } else if (path.starts_with(drop) && posts) {
            manager_.end_streams("/topics/" + path.substr(drop.size()));
            co_await request.respond(http::status::ok);
        } else if (path == "/stats") {
            co_await request.respond(http::status::ok, subscribers(), "application/json");
        } else if (path == "/gone") {
            co_await request.respond(http::status::no_content);
        } else if (path == "/health") {
            std::string well{"well\n"};
            co_await request.respond(http::status::ok, std::move(well));
        } else {
            co_await request.respond(http::status::not_found);
        }
    }

private:
    static constexpr std::string_view drop = "/drop/";

    asio::awaitable<void> stream(exchange& request, const std::string& topic) {
        crier::serve_options options;
        options.topic = topic;
        options.retry = std::chrono::milliseconds{700};
        co_await request.stream(manager_, std::move(options));
    }

    asio::awaitable<void> publish(exchange& request, const std::string& topic) {
        http::status status = http::status::accepted;
        std::string wrong;
        try {
            manager_.publish(topic, event_in(request.request().body())).value();
        } catch (const std::exception& error) {
            status = http::status::bad_request;
            wrong = error.what() + std::string{"\n"};
        }
        co_await request.respond(status, std::move(wrong));
    }

    std::string subscribers() const {
        json::object counts;
        for (const crier::topic_stats& topic : manager_.stats().topics) {
            counts[topic.name.substr(std::string_view{"/topics/"}.size())] = topic.subscribers;
        }
        return json::serialize(counts);
    }

    const crier::cors_options cors_ = origins();
    crier::manager manager_;
};

} // namespace

int main(int argc, char** argv) try {
    crier::server_options options;
    options.port = named_port(argc, argv);
    options.body_bytes = std::size_t{4} * 1024 * 1024;
    crier::server server{options};
    stream_server streams{server};
    server.shutdown_on_signals();
    std::cout << "http://127.0.0.1:" << server.local_endpoint().port() << std::endl;
    server.run([&streams](exchange& request) { return streams.handle(request); });
} catch (const std::exception& error) {
    std::cerr << "stream_server: " << error.what() << '\n';
    return 2;
}
