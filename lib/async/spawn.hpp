#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace crier::detail {

/// Completes a flow that has said already how it ended. Unlike a bound `detached` it has no
/// executor of its own, for which Asio would hand on each cancellation by an allocated handler with
/// a pointer into the signal.
struct end_of_flow {
    using cancellation_slot_type = boost::asio::cancellation_slot;

    /// Asio clears its slot after the flow is gone.
    std::shared_ptr<boost::asio::cancellation_signal> cancelled_by{};

    cancellation_slot_type get_cancellation_slot() const noexcept {
        return cancelled_by ? cancelled_by->slot() : cancellation_slot_type{};
    }
    void operator()(const std::exception_ptr& /*told already*/) const noexcept {}
};

/// Takes the memory for the first handler of a coroutine that is spawned next, on the same thread.
/// Throws `std::bad_alloc`.
///
/// A coroutine of Asio 1.81 that finds no memory for its first handler is destroyed by another one,
/// and where there is none for that either, the process ends. Asio's threads keep the memory of a
/// handler for the next one; so one that is large enough comes first, as it may fail.
inline void prime(const boost::asio::any_io_executor& of_coroutine) {
    of_coroutine.execute([room = std::array<std::byte, 64>{}] { static_cast<void>(room); });
}

/// Spawns a flow on an `own_executor`, from its strand. Throws `std::bad_alloc`.
inline void spawn(const boost::asio::any_io_executor& own, boost::asio::awaitable<void> flow,
    end_of_flow at_end) {
    prime(own);
    boost::asio::co_spawn(own, std::move(flow), std::move(at_end));
}

} // namespace crier::detail
