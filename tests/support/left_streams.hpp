#pragma once

#include <crier/async/single_thread.hpp>

#include "http/detached_streams.hpp"
#include "served_stream.hpp"

#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

namespace crier::test {

/// Streams that are left to one thread of a server, without the server.
struct left_streams {
    explicit left_streams(asio::io_context& io)
        : streams{io.get_executor(), [](severity, std::string_view) {}, connections,
              [this] { ++ends; }} {
        promise_single_thread(io);
    }

    void begin(
        tcp::socket& on, const request_head& head, manager& events, serve_options options = {}) {
        streams.begin(on, head,
            detail::detached_order{detail::manager_access::state_of(events), std::move(options)});
    }

    std::atomic<std::size_t> connections{0};
    int ends = 0;
    detail::detached_streams streams;
};

} // namespace crier::test
