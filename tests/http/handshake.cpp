#include "http/handshake.hpp"

#include "support/context.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using crier::detail::handshake_room;
using crier::test::context;
namespace asio = boost::asio;

namespace {

struct visits {
    int now = 0;
    int most = 0;
    int all = 0;
};

/// Has a place, and gives it back at once.
asio::awaitable<void> visit(handshake_room& in, visits& counted) {
    ++counted.now;
    {
        handshake_room::place place{in, co_await asio::this_coro::executor};
        --counted.now;
        while (!place.is_taken()) {
            if (!place.woken().take()) {
                co_await place.woken().next();
            }
        }
        ++counted.all;
        counted.most = std::max(counted.most, ++counted.now);
    }
    --counted.now;
}

} // namespace

TEST_CASE("those that wait for a place come one after the other, and not within each other") {
    context test;
    handshake_room room{1};
    visits counted;
    {
        const handshake_room::place first{room, test.io.get_executor()};
        CHECK(first.is_taken());
        for (int i = 0; i < 1'000; ++i) {
            test.spawn(visit(room, counted));
        }
        test.run();
        CHECK(counted.all == 0);
    }
    test.run();
    CHECK(counted.all == 1'000);
    CHECK(counted.most == 1);
    const handshake_room::place next{room, test.io.get_executor()};
    CHECK(next.is_taken());
}
