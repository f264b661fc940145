#include "handshake.hpp"

#include "async/time_limit.hpp"
#include "operation_memory.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

handshake_room::place::place(handshake_room& in, asio::any_io_executor executor)
    : in_{in}, executor_{std::move(executor)} {
    if (in_.free_ > 0) {
        --in_.free_;
        is_taken_ = true;
    } else {
        in_.waiting_.push_back(*this);
    }
}

handshake_room::place::~place() {
    if (is_taken_) {
        in_.give_back();
    }
}

/// Who is woken may give its place back before `set` returns, and thousands may do so in turn:
/// they are woken here all, not within each other.
void handshake_room::give_back() {
    ++free_;
    if (is_waking_) {
        return;
    }
    is_waking_ = true;
    while (free_ > 0 && !waiting_.empty()) {
        place& next = waiting_.front();
        waiting_.pop_front();
        --free_;
        next.is_taken_ = true;
        next.woken_.set();
    }
    is_waking_ = false;
}

namespace {

asio::awaitable<error_code> wait_for_place(handshake_room::place& wanted, clock::duration longest) {
    const time_limit limit{wanted, longest};
    while (!wanted.is_taken()) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (limit.expired() || state.cancelled() != asio::cancellation_type::none) {
            co_return asio::error::operation_aborted;
        }
        if (!wanted.woken().take()) {
            co_await wanted.woken().next();
        }
    }
    co_return error_code{};
}

} // namespace

asio::awaitable<error_code> shake_hands(
    connection_stream& on, const encryption& by, handshake_room& in, clock::duration longest) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const clock::time_point until = clock::now() + longest;
    operation_memory<384> memory;
    handshake_room::place place{in, on.get_executor()};
    error_code error = co_await wait_for_place(place, longest);
    const time_limit limit{on.socket(), std::max(until - clock::now(), clock::duration::zero())};
    if (!error) {
        on.encrypt_by(by);
        error = on.channel()->shake_hands();
    }
    while (error == asio::error::would_block) {
        co_await on.async_wait(awaited_by(*on.channel()), memory.token(error, state.slot()));
        if (!error) {
            error = limit.expired() ? error_code{asio::error::operation_aborted}
                                    : on.channel()->shake_hands();
        }
    }
    co_return error;
}

} // namespace crier::detail
