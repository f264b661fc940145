#include "stream_state.hpp"

#include <crier/wire/errc.hpp>

#include "pubsub/run_on.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

/// What an error of the connection says about the client.
boost::system::error_code meaning(const boost::system::error_code& error) {
    if (error == asio::error::eof || error == asio::error::connection_reset ||
        error == asio::error::broken_pipe || error == asio::error::connection_aborted) {
        return errc::client_left;
    }
    return error == asio::error::timed_out ? errc::stalled : error;
}

} // namespace

stream_state::stream_state(std::shared_ptr<sink> to, coding as,
    const asio::any_io_executor& executor, clock::duration interval)
    : sink_{std::move(to)},
      executor_{executor},
      coding_{as},
      deadline_{interval, clock::now()},
      timer_{executor} {
    using namespace std::chrono;
    sink_->limit_buffering(duration_cast<milliseconds>(interval));
}

stream_state::~stream_state() {
    sink_->attach(nullptr);
    sink_->cancel();
}

void stream_state::attach(signal* wake) noexcept {
    wake_ = wake;
    sink_->attach(wake);
}

void stream_state::begin() { sink_->watch_peer(); }

std::size_t stream_state::write_some(sink::buffers bytes) {
    boost::system::error_code error;
    const std::size_t written = sink_->write_some(bytes, error);
    if (written > 0) {
        deadline_.wrote(clock::now());
    } else if (error == asio::error::would_block) {
        deadline_.blocked(clock::now());
    } else {
        write_error_ = error;
    }
    return written;
}

asio::awaitable<void> stream_state::write_all(std::string_view bytes) {
    while (true) {
        const asio::const_buffer rest{bytes.data(), bytes.size()};
        bytes.remove_prefix(write_some({&rest, 1}));
        if (const auto failed = failure()) {
            throw boost::system::system_error{failed};
        }
        if (bytes.empty()) {
            co_return;
        }
        if (deadline_.is_blocked()) {
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
    co_await ready.async_wait_result(asio::deferred);
}

boost::system::error_code stream_state::failure() const noexcept {
    if (write_error_) {
        return meaning(write_error_);
    }
    if (sink_->peer_error()) {
        return meaning(sink_->peer_error());
    }
    return deadline_.at(clock::now()) == deadline::due::stalled ? errc::stalled
                                                                : boost::system::error_code{};
}

bool stream_state::heartbeat_due() const noexcept {
    return deadline_.at(clock::now()) == deadline::due::heartbeat;
}

void stream_state::arm_timer() {
    if (std::exchange(armed_, true)) {
        return;
    }
    timer_.expires_at(deadline_.next());
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
    if (deadline_.at(clock::now()) == deadline::due::nothing) {
        arm_timer();
    } else if (wake_ != nullptr) {
        wake_->cancel();
    }
}

asio::awaitable<void> stream_state::close() {
    timer_.cancel();
    sink_->cancel();
    return run_to_end_on(executor_, wait_for_handlers(shared_from_this()));
}

asio::awaitable<void> stream_state::wait_for_handlers(std::shared_ptr<stream_state> self) {
    signal quiet{self->executor_};
    const attachment attached{*self, quiet};
    while (!self->sink_->idle()) {
        co_await quiet.async_wait_result(asio::deferred);
    }
}

} // namespace crier::detail
