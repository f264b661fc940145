// Shows a server that answers POSTs token by token, as language models do, or as a whole. Threads
// compute the tokens, and stop at once when the client leaves.
// Try it with:
//     curl -N http://127.0.0.1:8080/v1/chat/completions -H 'Content-Type: application/json' -d '
//         {"model":"pretend","stream":true,"messages":[{"role":"user","content":"one two three"}]}'
//     curl http://127.0.0.1:8080/stats

#include <crier/http/server.hpp>

#include "api.hpp"
#include "common/options.hpp"
#include "model.hpp"
#include "sending.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <optional>
#include <stop_token>
#include <string>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace completions {
namespace {

struct program_options {
    crier::server_options server;
    std::size_t model_threads = 4;
    std::chrono::milliseconds token_time{20};
    /// How long a stream is silent before a heartbeat, and how long a client may take nothing.
    std::chrono::milliseconds heartbeat_interval{10'000};
};

asio::awaitable<void> refuse_method(crier::exchange& request) {
    if (request.request().method() == http::verb::options) {
        co_await request.allow_methods("POST");
        co_return;
    }
    crier::exchange::response_type response{
        http::status::method_not_allowed, request.request().version()};
    response.set(http::field::allow, "POST");
    response.set(http::field::content_type, "application/json");
    response.body() = json::serialize(
        describe(error{"this resource takes POST alone", "invalid_request_error", "", ""}));
    co_await request.respond(std::move(response));
}

/// What a request asks for; none: it was answered.
asio::awaitable<std::optional<completions::request>> read(crier::exchange& request) {
    std::optional<completions::request> asked;
    json::value problem;
    try {
        asked = parse_request(request.request().body());
    } catch (const bad_request& bad) {
        problem = describe(error{bad.what(), "invalid_request_error", bad.parameter(), ""});
    }
    if (!asked) {
        co_await respond(request, http::status::bad_request, problem);
    }
    co_return asked;
}

asio::awaitable<void> complete(
    crier::exchange& request, model& by, const program_options& options) {
    constexpr std::size_t most_waiting = 16;
    std::optional<completions::request> asked = co_await read(request);
    if (!asked) {
        co_return;
    }
    tokens computed{request.get_executor(), most_waiting};
    const std::stop_callback at_shutdown{
        request.shutdown_token(), [&computed] { computed.close(); }};
    if (!by.start(std::move(asked->work), computed.make_sender())) {
        const error busy{"too many requests at a time", "rate_limit_error", "", "busy"};
        co_await respond(request, http::status::too_many_requests, describe(busy));
        co_return;
    }
    const answer whole{std::move(asked->model)};
    if (asked->stream) {
        co_await send_stream(request, whole, computed, options.heartbeat_interval);
    } else {
        co_await send_whole(request, whole, computed);
    }
}

asio::awaitable<void> handle(crier::exchange& request, model& by, const program_options& options) {
    crier::cors_options cors;
    cors.origins = {"*"};
    cors.headers = {"*", "Authorization"};
    const bool was_preflight = co_await request.allow_origins(cors);
    if (was_preflight) {
        co_return;
    }
    const http::verb method = request.request().method();
    if (request.path() == "/stats" && method == http::verb::get) {
        co_await respond(request, http::status::ok, describe(by.stats()));
    } else if (request.path() != "/v1/chat/completions") {
        const error unknown{"no such URL", "invalid_request_error", "", "unknown_url"};
        co_await respond(request, http::status::not_found, describe(unknown));
    } else if (method == http::verb::post) {
        co_await complete(request, by, options);
    } else {
        co_await refuse_method(request);
    }
}

int run(const program_options& options) {
    // Before the server: its threads stop once the server's streams have gone.
    model by{options.model_threads, options.token_time};
    crier::server server{options.server};
    server.shutdown_on_signals();
    std::cout << "http://" << server.local_endpoint() << "/v1/chat/completions\n" << std::flush;
    server.run([&](crier::exchange& request) { return handle(request, by, options); });
    return 0;
}

} // namespace
} // namespace completions

int main(int argc, char** argv) {
    completions::program_options options;
    options.server.body_bytes = std::size_t{1'048'576};
    CLI::App app{
        "Answers chat completions token by token, by a model that repeats what it is told."};
    example::add_server_options(app, options.server);
    int token_time = static_cast<int>(options.token_time.count());
    int heartbeat = static_cast<int>(options.heartbeat_interval.count());
    app.add_option("--model-threads", options.model_threads, "how many threads compute")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option("--token-time", token_time, "milliseconds that a token takes")
        ->check(CLI::Range(0, 10'000))
        ->capture_default_str();
    app.add_option("--heartbeat-interval", heartbeat,
           "milliseconds of silence before a heartbeat; a client that takes nothing for as long "
           "goes")
        ->check(CLI::Range(100, 600'000))
        ->capture_default_str();
    return example::run_with(app, argc, argv, [&] {
        options.token_time = std::chrono::milliseconds{token_time};
        options.heartbeat_interval = std::chrono::milliseconds{heartbeat};
        return completions::run(options);
    });
}
