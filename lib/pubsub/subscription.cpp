#include <crier/pubsub/subscription.hpp>

#include "async/post_completion.hpp"
#include "channel.hpp"
#include "manager_state.hpp"

#include <boost/asio/error.hpp>

#include <new>

namespace crier {

namespace asio = boost::asio;
using boost::system::error_code;

namespace detail {

subscription_state::subscription_state(
    std::shared_ptr<manager_state> owner, std::shared_ptr<shard> on)
    : owner_{std::move(owner)},
      shard_{std::move(on)},
      channel_{new channel{shard_->get_executor(), owner_->options().ids, owner_->account()}} {
    intrusive_ptr_add_ref(channel_);
}

subscription_state::~subscription_state() {
    close();
    owed_drains owed;
    owed.push(shard_, static_cast<releasing&>(*channel_));
}

const subscription_state::executor_type& subscription_state::get_executor() const noexcept {
    return shard_->get_executor();
}

std::optional<frame> subscription_state::try_receive() {
    if (has_returned_.exchange(false)) {
        return std::move(returned_);
    }
    channel& from = *channel_;
    // What was given up of the past is not to be passed over.
    if (from.pending.empty() && from.is_behind && !from.pending.overflowed()) {
        owner_->read_on(shard_, from);
        if (from.end != end_kind::none) {
            from.ready.close();
        }
    }
    frame first = from.pending.front();
    if (first.empty()) {
        return std::nullopt;
    }
    from.pending.pop();
    return first;
}

std::size_t subscription_state::pending() const noexcept {
    return channel_->pending.size() + (has_returned_ ? 1 : 0);
}

void subscription_state::close() noexcept { owner_->unsubscribe(shard_, *channel_); }

void subscription_state::abandon() noexcept {
    is_abandoned_ = true;
    close(); // which wakes who receives
}

/// On the executor, and not at once: of two flows that are joined by `||`, both begin, and the one
/// that is over first cancels the other, which must not have taken an event by then.
void subscription_state::begin_receive() {
    const auto self = shared_from_this();
    post_by_memory_of(wait_, shard_->get_executor(), [self] { self->go_on(); });
}

void subscription_state::cancel_receive() noexcept {
    wait_->is_cancelled = true;
    channel_->ready.cancel();
}

void subscription_state::go_on() {
    if (wait_->is_cancelled || is_abandoned_) {
        complete(asio::error::operation_aborted);
        return;
    }
    try {
        if (std::optional<frame> next = try_receive()) {
            complete({}, std::move(*next));
            return;
        }
    } catch (const std::bad_alloc&) {
        complete(make_error_code(boost::system::errc::not_enough_memory));
        return;
    }
    if (channel_->pending.overflowed()) {
        complete(errc::overflow);
    } else if (!channel_->pending.empty()) {
        complete(make_error_code(boost::system::errc::not_enough_memory)); // to tell of a gap
    } else if (channel_->end != end_kind::none) {
        complete(errc::closed);
    } else {
        await_wake();
    }
}

void subscription_state::await_wake() {
    channel_->ready.async_wait([self = shared_from_this()](error_code) { self->go_on(); });
    // A cancellation from another thread may have come just before.
    if (wait_->is_cancelled) {
        channel_->ready.cancel();
    }
}

void subscription_state::complete(error_code error, frame received) {
    wait_->results = {error, std::move(received)};
    if (runs_here(wait_->where)) {
        wait_->complete();
    } else {
        try {
            post_completion(wait_, shared_from_this());
        } catch (...) {
            // An executor of somebody else's that has no memory: the next wake tries again.
            keep_result();
            if (wait_->is_cancelled || channel_->end != end_kind::none) {
                throw; // there is no next wake
            }
            await_wake();
        }
    }
}

void subscription_state::keep_result() noexcept {
    auto& [error, received] = wait_->results;
    if (!error) {
        returned_ = std::move(received);
        has_returned_ = true;
    }
}

void subscription_state::take_back() noexcept {
    keep_result();
    channel_->ready.set(); // for who goes on by waiting for it
}

} // namespace detail

subscription& subscription::operator=(subscription&& other) noexcept {
    subscription taken{std::move(other)};
    std::swap(state_, taken.state_);
    return *this;
}

subscription::~subscription() {
    if (state_) {
        state_->abandon();
    }
}

std::uint64_t subscription::id() const noexcept { return state_->get().id; }

const subscription::executor_type& subscription::get_executor() const noexcept {
    return state_->get_executor();
}

std::optional<frame> subscription::try_receive() { return state_->try_receive(); }

std::size_t subscription::pending() const noexcept { return state_->pending(); }

std::uint64_t subscription::dropped() const noexcept { return state_->get().pending.dropped(); }

void subscription::close() noexcept { state_->close(); }

signal& subscription::get_signal() noexcept { return state_->get().ready; }

} // namespace crier
