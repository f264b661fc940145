#include <crier/client/event_source.hpp>

#include "support/running_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using crier::test::eventually;
using crier::test::running_server;
namespace asio = boost::asio;

namespace {

constexpr int count = 500;

struct progress {
    std::atomic<int> received = 0;
    std::atomic<int> complete = 0; ///< sources that got all events in order
};

asio::awaitable<void> follow(std::string url, progress& seen) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    crier::event_source source{executor, url};
    bool in_order = true;
    for (int i = 0; i < count; ++i) {
        const crier::event next = co_await source.receive();
        in_order = in_order && next.data == std::to_string(i);
        ++seen.received;
    }
    seen.complete += in_order ? 1 : 0;
}

} // namespace

TEST_CASE("sources on strands of a context with 4 threads read side by side") {
    constexpr int sources = 16;
    running_server server;
    const std::string url =
        "http://127.0.0.1:" + std::to_string(server.server.local_endpoint().port()) + "/all";
    asio::io_context io;
    progress seen;
    for (int i = 0; i < sources; ++i) {
        asio::co_spawn(asio::make_strand(io), follow(url, seen), asio::detached);
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&io] { io.run(); });
    }
    REQUIRE(eventually([&] { return server.events.stats().subscribers == sources; }));
    for (int i = 0; i < count; ++i) {
        server.events.publish("/all", i);
        // The queue of a subscriber is bounded.
        if (i % 32 == 31) {
            CHECK(eventually([&] { return seen.received == sources * (i + 1); }));
        }
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(server.events.stats().dropped == 0);
    CHECK(seen.complete == sources);
}
