#include "source_state.hpp"

#include <crier/wire/errc.hpp>

#include "async/spawn.hpp"
#include "callback.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <new>
#include <string>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

namespace {

/// Without its message where there is no memory for that: the reason has to do.
state_change end_of(change_kind kind, error_code reason, std::string_view message) noexcept {
    state_change end;
    end.kind = kind;
    end.state = ready_state::closed;
    end.reason = reason;
    try {
        end.message = message;
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): as said
    }
    return end;
}

constexpr std::string_view own_end = "closed by the program";

} // namespace

source_state::source_state(const asio::any_io_executor& executor, event_source_options& options)
    : observe_{std::make_shared<const std::function<void(const state_change&)>>(
          std::move(options.on_state_change))},
      closed_{std::make_exception_ptr(
          system_error{asio::error::operation_aborted, std::string{own_end}})},
      closed_by_program_{end_of(change_kind::closed_by_program, errc::closed, own_end)},
      out_of_memory_{std::make_exception_ptr(std::bad_alloc{})},
      canceller_{own_executor_on(executor)},
      queue_{std::make_shared<receive_queue>(executor, options.queue_events, options.queue_bytes)} {
    queue_->set_last_event_id(options.last_event_id);
}

void source_state::start(flow<void> reading) {
    const std::shared_ptr<asio::cancellation_signal> cancelled_by{
        shared_from_this(), &cancellation_};
    end_of_flow handler{cancelled_by};
    asio::co_spawn(own_executor_on(get_executor()), std::move(reading), std::move(handler));
}

void source_state::close() noexcept {
    if (state_ == ready_state::closed) {
        return;
    }
    finish(closed_, asio::error::operation_aborted, closed_by_program_);
    queue_->abandon();
    stop_waiting();
}

void source_state::fail(std::exception_ptr thrown) noexcept {
    if (state_ != ready_state::closed) {
        finish(std::move(thrown), "a callback has thrown");
        stop_waiting();
    }
}

void source_state::stop_waiting() noexcept {
    try {
        canceller_.execute([self = shared_from_this()] {
            self->cancellation_.emit(asio::cancellation_type::terminal);
        });
    } catch (...) {
        // An executor of somebody else's that has no memory: nothing of it runs meanwhile.
        cancellation_.emit(asio::cancellation_type::terminal);
    }
}

void source_state::abandon() noexcept {
    observe_.reset();
    close();
    queue_->abandon(); // where it was closed before
}

void source_state::reconnect() {
    canceller_.execute([self = shared_from_this()] {
        if (self->state_ != ready_state::closed) {
            self->at_once_ = true;
            self->cancellation_.emit(asio::cancellation_type::terminal);
        }
    });
}

void source_state::change(const state_change& to) {
    state_ = to.state;
    announce(to);
}

void source_state::finish(const ending& why) {
    const change_kind kind = why.for_good() ? why.kind : change_kind::not_retried;
    state_change closed = end_of(kind, why.reason, why.message);
    closed.response = why.response;
    finish(std::make_exception_ptr(system_error{why.reason, why.message}), why.reason, closed);
}

void source_state::finish(std::exception_ptr why, std::string_view message) noexcept {
    const error_code reason = code_of(why);
    finish(std::move(why), reason, end_of(change_kind::failed, reason, message));
}

void source_state::finish(
    std::exception_ptr why, error_code error, const state_change& closed) noexcept {
    if (state_ == ready_state::closed) {
        return;
    }
    queue_->end(std::move(why), error);
    try {
        change(closed);
    } catch (const callback_failure& failure) {
        queue_->end(failure.thrown, code_of(failure.thrown));
    }
}

void source_state::leave() noexcept {
    const error_code reason = asio::error::no_memory;
    finish(out_of_memory_, reason, end_of(change_kind::failed, reason, "out of memory"));
    try {
        queue_->wake();
    } catch (...) { // NOLINT(bugprone-empty-catch): the receiver's own failure, who was told
    }
}

void source_state::announce(const state_change& change) const {
    // A copy: the callback may have itself forgotten.
    const auto observe = observe_;
    if (observe && *observe) {
        call(*observe, change);
    }
}

} // namespace crier::detail
