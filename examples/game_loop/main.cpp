// Shows a game loop of 60 ticks a second that publishes its world to any number of viewers, and
// measures whether they disturb it.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "common/options.hpp"
#include "loop.hpp"
#include "measure.hpp"
#include "viewers.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr char page[] =
#include "page.inc"
    ;

struct program_options {
    crier::server_options server{};
    unsigned measure = 0;
    std::size_t viewers = 1'000;
};

asio::awaitable<void> answer(crier::exchange& request, crier::manager& events) {
    if (request.path() == "/") {
        std::string body{page};
        co_await request.respond(http::status::ok, std::move(body), "text/html; charset=utf-8");
    } else if (request.path() == "/chart") {
        std::string body = boost::json::serialize(game::chart());
        co_await request.respond(http::status::ok, std::move(body), "application/json");
    } else if (request.path() == "/events") {
        crier::serve_options both;
        both.topics.resize(2);
        both.topics[0].name = "world";
        both.topics[1].name = "timing";
        co_await request.stream(events, std::move(both));
    }
}

int run(const program_options& options) {
    std::optional<game::viewers> crowd;
    if (options.measure > 0) {
        crowd.emplace();
    }
    crier::server server{options.server};
    crier::manager events{server.get_executor()};
    server.on_shutdown([&events] { events.shutdown(); });
    server.shutdown_on_signals();
    std::cout << "game_loop on http://" << server.local_endpoint() << "/\n" << std::flush;

    const game::loop loop{events};
    int status = 0;
    std::jthread measuring;
    if (crowd) {
        measuring = std::jthread{[&](const std::stop_token& stopped) {
            try {
                game::measure(std::chrono::seconds{options.measure}, options.viewers, *crowd,
                    server.local_endpoint(), events, loop, stopped);
            } catch (const std::exception& error) {
                if (!events.is_shut_down()) {
                    std::cerr << "game_loop: " << error.what() << '\n';
                    status = 1;
                }
            }
            server.shutdown();
        }};
    }
    server.run([&events](crier::exchange& request) { return answer(request, events); });
    measuring = {};
    return status;
}

} // namespace

int main(int argc, char** argv) {
    program_options options;
    CLI::App app{
        "Runs a game loop of 60 ticks a second, and publishes it to every viewer of its page."};
    example::add_server_options(app, options.server);
    auto* const measure = app.add_option("--measure", options.measure,
        "measure the loop for so many seconds, print a table, and exit");
    measure->check(CLI::Range(10, 3'600));
    app.add_option("--viewers", options.viewers, "how many viewers to connect while measuring")
        ->check(CLI::Range(2, 15'000))
        ->needs(measure)
        ->capture_default_str();
    return example::run_with(app, argc, argv, [&options] { return run(options); });
}
