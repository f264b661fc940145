#include "stream_state.hpp"

#include "async/run_on.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

stream_state::stream_state(std::shared_ptr<sink> to, coding as,
    const asio::any_io_executor& executor, clock::duration interval)
    : output{std::move(to), as, interval}, executor_{executor}, timer_{executor} {
    output::to().attach(this);
}

asio::awaitable<void> stream_state::write_all(std::string_view bytes) {
    while (true) {
        bytes.remove_prefix(write_some(bytes, clock::now()));
        if (const auto failed = failure(clock::now())) {
            throw boost::system::system_error{failed};
        }
        if (bytes.empty()) {
            co_return;
        }
        if (due().is_blocked()) {
            co_await wait_ready();
        }
        const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
        if (cancelled != asio::cancellation_type::none) {
            throw boost::system::system_error{asio::error::operation_aborted};
        }
    }
}

asio::awaitable<void> stream_state::wait_ready() {
    signal ready{executor_};
    const attachment attached{*this, ready};
    arm_timer();
    co_await ready.async_wait(asio::as_tuple(asio::deferred));
}

void stream_state::arm_timer() {
    if (std::exchange(armed_, true)) {
        return;
    }
    timer_.expires_at(due().next());
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = error ? nullptr : weak.lock();
        if (self) {
            self->on_timer();
        }
    });
}

void stream_state::on_timer() {
    armed_ = false;
    // Every write moves the deadline, but not the timer, which would cost more than the write.
    if (due().at(clock::now()) == deadline::due::nothing) {
        arm_timer();
    } else {
        wake();
    }
}

void stream_state::wake() {
    if (waiting_ != nullptr) {
        waiting_->cancel();
    }
}

asio::awaitable<void> stream_state::close() {
    timer_.cancel();
    to().cancel();
    return run_to_end_on(executor_, wait_for_handlers(shared_from_this()));
}

asio::awaitable<void> stream_state::wait_for_handlers(std::shared_ptr<stream_state> self) {
    signal quiet{self->executor_};
    const attachment attached{*self, quiet};
    while (!self->to().idle()) {
        co_await quiet.async_wait(asio::as_tuple(asio::deferred));
    }
}

} // namespace crier::detail
