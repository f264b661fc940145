// Shows a game server: rooms on threads of its own, fresh states for slow viewers, games that end.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "common/options.hpp"
#include "games.hpp"
#include "measure.hpp"
#include "slow_viewer.hpp"
#include "viewers.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr char page[] =
#include "page.inc"
    ;

struct program_options {
    crier::server_options server{};
    game::games_options games{};
    unsigned measure = 0; ///< seconds; 0: not at all
    std::size_t viewers = 1'000;
};

crier::manager_options topics(std::size_t rooms) {
    // A viewer gets the newest state whenever its connection takes one, and always who has won.
    crier::topic_rule states{.matches = crier::starting_with("room/")};
    states.queue = crier::queue_limits{.overflow = crier::overflow_policy::conflate_always};
    // Who comes is told of all rooms, however long ago something happened there.
    crier::topic_rule news{.matches = crier::exactly("rooms")};
    news.history.age = std::chrono::milliseconds::max();
    news.retain = crier::retention::newest_per_key;
    news.queue =
        crier::queue_limits{.events = rooms + 64, .overflow = crier::overflow_policy::conflate};
    crier::manager_options made;
    made.rules = {states, news};
    return made;
}

/// Answers with a stream of rooms that there are.
crier::server::handler streams(crier::manager& events, std::size_t rooms) {
    std::set<std::string, std::less<>> known{"rooms", "timing", "slow"};
    for (std::size_t number = 1; number <= rooms; ++number) {
        known.insert(game::room_topic(number));
    }
    crier::stream_handler_options made;
    made.find = [known](std::string_view topic) {
        return known.contains(topic) ? std::optional{crier::topic_options{}} : std::nullopt;
    };
    // What the kernel holds for a slow viewer grows old there.
    made.stream.send_buffer = std::size_t{4} * 1024;
    made.stream.retry = std::chrono::milliseconds{500};
    return crier::stream_handler(events, std::move(made));
}

asio::awaitable<void> answer(crier::exchange& request, const crier::server::handler& streams) {
    if (request.path() == "/") {
        std::string body{page};
        co_await request.respond(http::status::ok, std::move(body), "text/html; charset=utf-8");
    } else if (request.path() == "/chart") {
        std::string body = boost::json::serialize(game::chart());
        co_await request.respond(http::status::ok, std::move(body), "application/json");
    } else if (request.path() == "/events") {
        co_await streams(request);
    }
}

int run(const program_options& options) {
    std::optional<game::viewers> crowd;
    if (options.measure > 0) {
        crowd.emplace();
    }
    asio::cancellation_signal enough;
    crier::server server{options.server};
    crier::manager events{server.get_executor(), topics(options.games.rooms)};
    server.on_shutdown([&events, &enough] {
        enough.emit(asio::cancellation_type::terminal);
        events.shutdown();
    });
    example::obey_signals(server, options.server);
    std::cout << "game_loop on " << example::url_of(server, options.server) << "/\n" << std::flush;

    const game::games games{options.games, events};
    std::optional<game::measurement> measured;
    if (crowd) {
        measured.emplace(std::chrono::seconds{options.measure}, options.viewers, *crowd, server,
            events, games.first());
    } else {
        const bool is_encrypted = options.server.tls.has_value();
        asio::co_spawn(server.get_executor(),
            game::watch_slowly(server.local_endpoint(), is_encrypted, events),
            asio::bind_cancellation_slot(enough.slot(), asio::detached));
    }
    const auto handle = streams(events, options.games.rooms);
    server.run([&handle](crier::exchange& request) { return answer(request, handle); });
    return measured ? measured->finish() : 0;
}

} // namespace

int main(int argc, char** argv) {
    program_options options;
    CLI::App app{"Runs games in rooms, and publishes each 60 times a second to its viewers."};
    example::add_server_options(app, options.server);
    const auto number = [&app](const char* name, auto& value, const char* what, auto least,
                            auto most) {
        return app.add_option(name, value, what)
            ->check(CLI::Range(least, most))
            ->capture_default_str();
    };
    number("--rooms", options.games.rooms, "how many rooms there are", 1, 1'000);
    number("--game-threads", options.games.threads, "how many threads play in them", 1, 64);
    number("--game", options.games.game, "how many seconds a game lasts", 1, 86'400);
    number(
        "--pause", options.games.pause, "how many seconds a room stays closed after a game", 1, 60);
    auto* const measure = app.add_option("--measure", options.measure,
        "measure one endless game for so many seconds, print a table, and exit");
    measure->check(CLI::Range(10, 3'600))
        ->excludes("--rooms", "--game-threads", "--game", "--certificate");
    number("--viewers", options.viewers, "how many viewers to connect while measuring", 2, 15'000)
        ->needs(measure);
    return example::run_with(app, argc, argv, [&options] {
        if (options.measure > 0) {
            options.games.rooms = options.games.threads = 1;
            options.games.game = 86'400;
        }
        return run(options);
    });
}
