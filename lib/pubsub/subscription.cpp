#include <crier/pubsub/subscription.hpp>
#include <crier/wire/errc.hpp>

#include "async/give_way.hpp"
#include "async/run_on.hpp"
#include "channel.hpp"
#include "core.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace crier {

namespace asio = boost::asio;

subscription::subscription(std::shared_ptr<detail::core> owner, std::shared_ptr<detail::shard> home,
    std::shared_ptr<detail::channel> state)
    : owner_{std::move(owner)}, home_{std::move(home)}, state_{std::move(state)} {}

subscription& subscription::operator=(subscription&& other) noexcept {
    subscription taken{std::move(other)};
    std::swap(owner_, taken.owner_);
    std::swap(home_, taken.home_);
    std::swap(state_, taken.state_);
    return *this;
}

subscription::~subscription() {
    if (state_) {
        unsubscribe();
        if (home_->push(detail::inbox::release{std::move(state_)})) {
            home_->post_drain();
        }
    }
}

std::uint64_t subscription::id() const noexcept { return state_->id; }

const subscription::executor_type& subscription::get_executor() const noexcept {
    return home_->get_executor();
}

asio::awaitable<frame> subscription::receive() {
    const asio::any_io_executor caller = co_await asio::this_coro::executor;
    asio::awaitable<frame> receiving = receive_here();
    if (caller == get_executor()) {
        co_return co_await std::move(receiving);
    }
    asio::awaitable<frame> there = detail::run_on(get_executor(), std::move(receiving));
    co_return co_await std::move(there);
}

asio::awaitable<frame> subscription::receive_here() {
    co_await detail::give_way_to_cancellation();
    std::optional<frame> received = try_receive();
    while (!received) {
        if (state_->pending.overflowed()) {
            throw boost::system::system_error{errc::overflow};
        }
        co_await async_wait(asio::use_awaitable);
        received = try_receive();
    }
    co_return std::move(*received);
}

std::optional<frame> subscription::try_receive() {
    // What was given up of the past is not to be passed over.
    if (state_->pending.empty() && state_->is_behind && !state_->pending.overflowed()) {
        owner_->read_on(home_, state_);
    }
    if (state_->pending.empty()) {
        return std::nullopt;
    }
    frame first = state_->pending.front();
    state_->pending.pop();
    return first;
}

std::size_t subscription::pending() const noexcept { return state_->pending.size(); }

std::uint64_t subscription::dropped() const noexcept { return state_->pending.dropped(); }

void subscription::unsubscribe() { owner_->unsubscribe(home_, state_); }

signal& subscription::get_signal() noexcept { return state_->ready; }

} // namespace crier
