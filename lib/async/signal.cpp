#include <crier/async/signal.hpp>
#include <crier/wire/errc.hpp>

#include "context_members.hpp"
#include "post_completion.hpp"

#include <boost/asio/error.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

namespace crier {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {
namespace {

// Whoever clears `waiting` owns the completion. Every change is a read-modify-write, so that what a
// setter wrote before is seen by whoever takes the wake-up, also when it was set already.
constexpr unsigned latched = 1;
constexpr unsigned waiting = 2;
constexpr unsigned closed = 4;

} // namespace

signal_state::signal_state(const executor_type& executor)
    : executor_{executor}, all_{&context_members<signal_state>::of(executor)} {
    all_->add(*this);
}

signal_state::~signal_state() {
    if (all_ != nullptr) {
        all_->remove(*this);
    }
}

void signal_state::begin_wait() noexcept {
    unsigned state = state_.load(std::memory_order_relaxed);
    const auto next = [&] {
        return (state & latched) != 0 ? state & ~latched
             : (state & closed) != 0  ? state
                                      : state | waiting;
    };
    while (!state_.compare_exchange_weak(
        state, next(), std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    if ((state & latched) != 0) {
        complete_later({});
    } else if ((state & closed) != 0) {
        complete_later(errc::closed);
    }
}

/// True: the waiter is the caller's, who owes it the wake-up. False: the wake-up is left for it.
bool signal_state::take_waiter_or_latch() noexcept {
    unsigned state = state_.load(std::memory_order_relaxed);
    while (!state_.compare_exchange_weak(state,
        (state & waiting) != 0 ? state & ~(waiting | latched) : state | latched,
        std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    return (state & waiting) != 0;
}

void signal_state::set() {
    if (!take_waiter_or_latch()) {
        return;
    }
    if (runs_here(wait_->where)) {
        wait_->results = {};
        wait_->complete();
    } else {
        complete_later({});
    }
}

void signal_state::set_later() noexcept {
    if (take_waiter_or_latch()) {
        complete_later({});
    }
}

void signal_state::cancel() noexcept { end_wait(0, asio::error::operation_aborted); }

void signal_state::cancel_wait() noexcept {
    wait_->is_cancelled = true;
    cancel();
}

void signal_state::take_back() noexcept {
    if (!std::get<error_code>(wait_->results)) {
        state_.fetch_or(latched, std::memory_order_acq_rel);
    }
}

void signal_state::close() noexcept { end_wait(closed, errc::closed); }

bool signal_state::try_wait() noexcept {
    return (state_.fetch_and(~latched, std::memory_order_acq_rel) & latched) != 0;
}

void signal_state::end_wait(unsigned also, error_code error) noexcept {
    unsigned state = state_.load(std::memory_order_relaxed);
    while (!state_.compare_exchange_weak(
        state, (state & ~waiting) | also, std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    if ((state & waiting) != 0) {
        complete_later(error);
    }
}

void signal_state::complete_later(error_code result) noexcept {
    wait_->results = result;
    try {
        post_completion(wait_, shared_from_this());
    } catch (...) {
        // An executor of somebody else's that has no memory: the next one who sets tries again.
        state_.fetch_or(waiting | latched, std::memory_order_acq_rel);
    }
}

void signal_state::context_gone() noexcept {
    const auto self = shared_from_this();
    all_ = nullptr;
    state_.fetch_and(~waiting, std::memory_order_acq_rel);
    if (wait_->place.is_taken() && !wait_->is_elsewhere) {
        wait_->discard();
    }
}

} // namespace detail

signal::signal(const executor_type& executor)
    : state_{std::make_shared<detail::signal_state>(executor)} {}

signal::~signal() { cancel(); }

const signal::executor_type& signal::get_executor() const noexcept {
    return state_->get_executor();
}

void signal::set() { state_->set(); }

void signal::set_later() noexcept { state_->set_later(); }

bool signal::try_wait() noexcept { return state_->try_wait(); }

void signal::cancel() noexcept { state_->cancel(); }

void signal::close() noexcept { state_->close(); }

} // namespace crier
