#include "orderly_end.hpp"

#include <crier/wire/errc.hpp>

#include "async/durations.hpp"
#include "async/executors.hpp"
#include "async/spawn.hpp"
#include "async/time_limit.hpp"
#include "manager_state.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Whether all waits have ended by then.
asio::awaitable<bool> ends_within(leftovers& left, std::chrono::milliseconds longest) {
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    leftovers::wait waiting = left.wait_on(here);
    const time_limit limit{waiting.get_signal(), longest};
    error_code error;
    co_await waiting.async_wait(asio::redirect_error(asio::use_awaitable, error));
    co_return error == errc::closed;
}

/// Cuts what is left at the deadline. A little later nobody waits any longer, as what cannot be cut
/// might go on for ever.
asio::awaitable<void> keep_deadline(
    std::shared_ptr<manager_state> events, std::chrono::milliseconds deadline) {
    constexpr std::chrono::milliseconds last_grace{100};
    /// Whatever ends the coroutine: where there is no memory to wait, it is time at once.
    struct end_of_waits {
        manager_state& of;
        bool has_ended = false;
        ~end_of_waits() {
            if (!has_ended) {
                of.cut_streams();
            }
            of.left().end_waits();
        }
    };
    end_of_waits owed{*events};
    owed.has_ended = co_await ends_within(events->left(), deadline);
    if (!owed.has_ended) {
        events->cut_streams();
        owed.has_ended = co_await ends_within(events->left(), last_grace);
    }
}

void begin_deadline(
    const std::shared_ptr<manager_state>& events, std::chrono::milliseconds deadline) {
    try {
        // None at all is a deadline too.
        deadline = std::clamp(deadline, std::chrono::milliseconds{0}, never);
        spawn(own_executor_on(events->get_executor()), keep_deadline(events, deadline), {});
    } catch (...) {
        events->cut_streams();
        throw;
    }
}

} // namespace

asio::awaitable<void> end_orderly(
    std::shared_ptr<manager_state> events, std::chrono::milliseconds deadline) {
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    events->shutdown();
    if (events->left().take_deadline()) {
        begin_deadline(events, deadline);
    }
    leftovers::wait waiting = events->left().wait_on(here);
    events.reset(); // whose strand must not outlive its context, as this wait may
    error_code error;
    co_await waiting.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error != errc::closed) {
        throw boost::system::system_error{error};
    }
}

} // namespace crier::detail
