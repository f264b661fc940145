#pragma once

#include "async/test_clock.hpp"

#include <boost/asio/io_context.hpp>

namespace crier::test {

/// Lets the time of tests pass for a context.
class passing_time {
public:
    explicit passing_time(boost::asio::io_context& on) : poke_{on} {}

    /// What is due then is ready when the context runs next.
    void pass(clock::duration by) {
        detail::test_clock::advance(by);
        // The earliest timer of all makes the reactor look at the clock again.
        poke_.expires_at(clock::time_point::min());
        poke_.async_wait([](auto) {});
    }

private:
    timer poke_;
};

} // namespace crier::test
