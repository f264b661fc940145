#pragma once

#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>
#include <crier/http/topics.hpp>
#include <crier/pubsub/manager.hpp>

#include "async/durations.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/status.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace crier::fuzz {

/// What a byte of the input chooses.
namespace choice {
enum : unsigned {
    one_origin = 1,
    all_origins = 2,
    with_retry = 4,
    small_limits = 8,
    too_many = 16,
    without_ids = 32,
};
} // namespace choice

inline server_options options_of(unsigned chosen) {
    server_options options;
    options.body_bytes = 5000;
    if ((chosen & choice::small_limits) != 0) {
        options.body_bytes = 10;
        options.limits = {.header_bytes = 200, .header_fields = 4};
    }
    options.log = [](severity, std::string_view) {};
    return options;
}

inline manager_options events_of(unsigned chosen) {
    manager_options options;
    options.heartbeat_interval = detail::never;
    options.ids = (chosen & choice::without_ids) == 0;
    options.rules.push_back({.matches = [](std::string_view) { return true; },
        .history = {.events = 5},
        .retain = retention::newest_per_key});
    options.log = [](severity, std::string_view) {};
    return options;
}

/// What a handler can do with a request, by its path.
class handlers {
public:
    /// Lifetime: the manager must outlive it.
    handlers(manager& events, unsigned chosen)
        : events_{events},
          chosen_{chosen},
          topics_{stream_handler(events, {.stream = options()})} {}

    boost::asio::awaitable<void> operator()(exchange& request) const {
        if (request.path() == "/detach") {
            request.detach_stream(events_, options());
            return nothing();
        }
        if (request.path() == "/topics") {
            static_cast<void>(topic_of(head_of(request.request())));
            return topics_(request);
        }
        if (request.path() == "/writer") {
            return write_stream(request);
        }
        if (request.path() == "/throw") {
            throw std::runtime_error{"thrown"};
        }
        if (request.path() == "/none") {
            return nothing();
        }
        return request.path() == "/echo" ? echo(request) : stream(request);
    }

    /// Of streams.
    serve_options options() const {
        serve_options options;
        if ((chosen_ & choice::one_origin) != 0) {
            options.cors.origins = {"https://a.example"};
        } else if ((chosen_ & choice::all_origins) != 0) {
            options.cors.origins = {"*"};
        }
        if ((chosen_ & choice::with_retry) != 0) {
            options.retry = std::chrono::milliseconds{1234};
        }
        return options;
    }

private:
    static boost::asio::awaitable<void> nothing() { co_return; }

    boost::asio::awaitable<void> stream(exchange& request) const {
        co_await request.stream(events_, options());
    }

    boost::asio::awaitable<void> echo(exchange& request) const {
        const cors_options cors = options().cors;
        if (!cors.origins.empty()) {
            const bool is_answered = co_await request.allow_origins(cors);
            if (is_answered) {
                co_return;
            }
        }
        std::string text{request.path()};
        text.append("|").append(request.query()).append("|").append(request.request().body());
        co_await request.respond(boost::beast::http::status::ok, std::move(text));
    }

    static boost::asio::awaitable<void> write_stream(exchange& request) {
        if (check_stream_request(head_of(request.request()))) {
            co_await request.respond(boost::beast::http::status::not_acceptable);
            co_return;
        }
        stream_writer writer = request.writer();
        const std::string text{request.query()};
        const event_view event{text};
        co_await writer.write_headers();
        co_await writer.write(event);
        co_await writer.finish();
    }

    manager& events_;
    const unsigned chosen_;
    const server::handler topics_;
};

} // namespace crier::fuzz
