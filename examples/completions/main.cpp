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
    unsigned token_time = 20; ///< ms
    /// How long a stream is silent before a heartbeat, and how long a client may take nothing: ms.
    unsigned heartbeat = 10'000;
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
        co_await send_stream(
            request, whole, computed, std::chrono::milliseconds{options.heartbeat});
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

/// What the server refuses by itself, such as a body that is too large.
void describe_refusal(const crier::refusal& why, crier::exchange::response_type& answer) {
    answer.set(http::field::access_control_allow_origin, "*");
    answer.set(http::field::content_type, "application/json");
    answer.body() = json::serialize(describe(error{why.reason, "invalid_request_error", "", ""}));
}

int run(program_options& options) {
    // Before the server: its threads stop once the server's streams have gone.
    model by{options.model_threads, std::chrono::milliseconds{options.token_time}};
    options.server.on_refusal = describe_refusal;
    crier::server server{options.server};
    example::obey_signals(server, options.server);
    std::cout << example::url_of(server, options.server) << "/v1/chat/completions\n" << std::flush;
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
    const auto number = [&app](const char* name, auto& value, const char* what, auto... range) {
        app.add_option(name, value, what)->check(CLI::Range(range...))->capture_default_str();
    };
    number("--model-threads", options.model_threads, "how many threads compute", 1, 64);
    number("--token-time", options.token_time, "milliseconds that a token takes", 0, 10'000);
    number("--heartbeat", options.heartbeat, "milliseconds of silence before one", 100, 600'000);
    return example::run_with(app, argc, argv, [&] { return completions::run(options); });
}
