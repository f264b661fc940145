// Shows a whole hub to start: anybody may read any topic, publish to it by POST, and come back
// after a restart.
// Try it with:
//     hub --journal sqlite:events.db --history 1000
//     hub --journal nats://127.0.0.1:4222/hub --history 1000
//     curl -N 'http://127.0.0.1:8080/events?topic=news'
//     curl -d 'the market opens' 'http://127.0.0.1:8080/events?topic=news'

#include <crier/crier.hpp>
#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "common/options.hpp"
#include "journals.hpp"
#include "publishing.hpp"
#include "state.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace hub {
namespace {

struct program_options {
    crier::server_options server;
    crier::topic_rule kept{.matches = crier::starting_with("")};
    std::string journal = "memory";
    std::string retain = "none";
    unsigned heartbeat = 30;    ///< seconds
    unsigned history_age = 300; ///< seconds
    std::vector<std::string> origins;
    bool is_open = false;
};

bool is_loopback(const std::string& address) {
    boost::system::error_code error;
    const auto numeric = asio::ip::make_address(address, error);
    return error ? address == "localhost" : numeric.is_loopback();
}

/// Publishing is open to everybody.
void check_addresses(const program_options& options) {
    if (!options.is_open && !std::ranges::all_of(options.server.addresses, is_loopback)) {
        throw CLI::ValidationError{
            "whoever reaches this address may publish: say --open if that is meant", 2};
    }
}

crier::retention retention_of(const std::string& name) {
    return name == "newest"         ? crier::retention::newest
         : name == "newest-per-key" ? crier::retention::newest_per_key
                                    : crier::retention::none;
}

crier::manager_options managing(const program_options& options) {
    crier::manager_options made;
    made.heartbeat_interval = std::chrono::seconds{options.heartbeat};
    made.rules = {options.kept};
    made.rules.front().retain = retention_of(options.retain);
    made.rules.front().history.age = std::chrono::seconds{options.history_age};
    made.journal = journal_of(options.journal, made.rules.front());
    return made;
}

crier::cors_options cors_of(const program_options& options) {
    crier::cors_options cors;
    cors.origins = options.origins;
    cors.headers = {"Content-Type"};
    return cors;
}

asio::awaitable<void> answer(crier::exchange& request, crier::manager& events,
    const crier::server::handler& streams, const crier::cors_options& cors) {
    const bool was_preflight = co_await request.allow_origins(cors);
    if (was_preflight) {
        co_return;
    }
    const bool is_events = request.path() == "/events";
    if (!is_events && request.path() != "/stats" && request.path() != "/healthz") {
        const boost::json::value told = describe_error("no such resource");
        co_await respond(request, http::status::not_found, told);
        co_return;
    }
    const bool has_refused = co_await request.allow_methods(is_events ? "GET, POST" : "GET");
    if (has_refused) {
        co_return;
    }
    if (request.path() == "/stats") {
        const boost::json::value told = stats_of(events);
        co_await respond(request, http::status::ok, told);
    } else if (!is_events) {
        const health is = health_of(events);
        co_await respond(
            request, is.is_well ? http::status::ok : http::status::service_unavailable, is.told);
    } else if (request.request().method() == http::verb::post) {
        co_await publish(request, events);
    } else {
        co_await streams(request);
    }
}

int run(program_options options) {
    check_addresses(options);
    crier::manager_options managed = managing(options);
    const crier::cors_options cors = cors_of(options);
    crier::check_options(cors);
    options.server.on_refusal = [](const crier::refusal& why, auto& response) {
        response.set(http::field::content_type, "application/json");
        response.body() = boost::json::serialize(describe_error(why.reason)) + "\n";
    };
    crier::server server{options.server};
    crier::manager events{server.get_executor(), std::move(managed)};
    server.on_shutdown([&events] { events.shutdown(); });
    example::obey_signals(server, options.server, std::chrono::seconds{2});
    std::cout << "hub on " << example::url_of(server, options.server) << "/events\n" << std::flush;
    const crier::server::handler streams = crier::stream_handler(events);
    server.run([&](crier::exchange& request) { return answer(request, events, streams, cors); });
    return 0;
}

} // namespace
} // namespace hub

int main(int argc, char** argv) {
    hub::program_options options;
    CLI::App app{"Serves event streams of any topics, to which anybody publishes by POST."};
    example::add_server_options(app, options.server);
    app.add_option("--journal", options.journal,
           "memory, sqlite:PATH or nats://HOST:PORT[,HOST:PORT]/STREAM")
        ->capture_default_str();
    app.add_option("--heartbeat", options.heartbeat, "seconds of silence before a heartbeat")
        ->check(CLI::Range(1, 3'600))
        ->capture_default_str();
    app.add_option("--cors", options.origins, "an origin whose pages may use the hub, or several");
    app.add_option("--history", options.kept.history.events, "events that each topic keeps")
        ->check(CLI::Range(0, 1'000'000'000))
        ->capture_default_str();
    app.add_option("--history-age", options.history_age, "seconds that it keeps them")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
    app.add_option("--history-bytes", options.kept.history.bytes, "bytes of them")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
    app.add_option("--retain", options.retain, "what a new reader gets of each topic")
        ->check(CLI::IsMember(std::vector<std::string>{"none", "newest", "newest-per-key"}))
        ->capture_default_str();
    app.add_flag("--open", options.is_open, "let whoever reaches the address publish");
    return example::run_with(app, argc, argv, [&] { return hub::run(std::move(options)); });
}
