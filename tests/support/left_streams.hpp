#pragma once

#include <crier/async/single_thread.hpp>
#include <crier/http/exchange.hpp>

#include "http/detached_streams.hpp"
#include "served_stream.hpp"

#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

namespace crier::test {

/// What a handler orders that leaves a stream to the server.
inline detail::detached_order ordered(
    const request_head& head, manager& events, serve_options options = {}) {
    auto core = detail::manager_access::state_of(events);
    auto decided = detail::decide(detail::ask(head), std::move(options), core->options());
    return {std::move(core), std::move(decided)};
}

/// Streams that are left to one thread of a server, without the server.
struct left_streams {
    explicit left_streams(asio::io_context& io)
        : streams{io.get_executor(), [](severity, std::string_view) {}, connections,
              [this] { ++ends; }} {
        promise_single_thread(io);
    }

    void begin(exchange::socket_type& on, const request_head& head, manager& events,
        serve_options options = {}) {
        ++connections;
        try {
            detail::connection_stream stream{on};
            streams.begin(stream, ordered(head, events, std::move(options)));
        } catch (...) {
            --connections;
            throw;
        }
    }

    std::atomic<std::size_t> connections{0};
    int ends = 0;
    detail::detached_streams streams;
};

} // namespace crier::test
