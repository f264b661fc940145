#include "support/allocations.hpp"
#include "support/left_streams.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

using crier::manager;
using crier::test::client;
using crier::test::context;
using crier::test::left_streams;
using crier::test::tcp;
namespace asio = boost::asio;

namespace {

/// Allocations of a publish that reaches so many streams, once all has been in use for a while.
long allocations_of_publish(std::size_t streams, int burst) {
    context test;
    manager events{test.io.get_executor()};
    left_streams left{test.io};
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    const crier::test::request_type request = crier::test::get("/a");
    std::vector<client> peers;
    for (std::size_t i = 0; i < streams; ++i) {
        peers.emplace_back(acceptor.local_endpoint().port());
        crier::exchange::socket_type socket{acceptor.accept()};
        left.begin(socket, crier::head_of(request), events);
    }
    test.run();
    const std::string text(128, 'x');
    const auto publish = [&](int rounds) {
        for (int round = 0; round < rounds; ++round) {
            for (int i = 0; i < burst; ++i) {
                events.publish("/a", text);
            }
            test.run();
        }
    };
    constexpr int rounds = 20;
    publish(rounds);
    const long before = crier::test::allocations();
    publish(rounds);
    const long made = crier::test::allocations() - before;
    CHECK(events.stats().delivered == 2 * streams * rounds * static_cast<unsigned>(burst));
    return (made + rounds * burst - 1) / (rounds * burst);
}

} // namespace

TEST_CASE("a publish takes two allocations at most, however many streams it is delivered to") {
    for (const int burst : {1, 10}) {
        for (const std::size_t streams : {1U, 2U, 50U}) {
            CAPTURE(burst);
            CAPTURE(streams);
            CHECK(allocations_of_publish(streams, burst) <= 2);
        }
    }
}
