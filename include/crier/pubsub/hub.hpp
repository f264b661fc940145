#pragma once

#include <crier/async/signal.hpp>
#include <crier/pubsub/secret_hash.hpp>

#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace crier {

/// Wake-ups by id, without data. Whoever waits for an id learns that something about it changed,
/// and then reads the present state from where it is kept.
///
///     crier::hub<boost::uuids::uuid> hub{executor};
///     auto subscription = hub.subscribe(request);      // first subscribe, then read the state
///     co_await subscription.async_wait();
///
/// Ids of types that `secret_hash` does not hash need a hash that is given; where clients choose
/// the ids, one with a secret.
///
/// Coalescing loses the number of `publish()` calls, never the fact that one happened.
///
/// Thread safety: all members from any thread. No lock is held while a waiter runs.
/// Lifetime: destroying it closes it. Subscriptions may outlive it.
template <class Id, class Hash = secret_hash>
class hub {
    static_assert(std::is_invocable_r_v<std::size_t, const Hash&, const Id&>,
        "crier::hub needs a hash for ids of this type");

public:
    using executor_type = boost::asio::any_io_executor;
    class subscription;

    /// Waits of subscriptions complete on the executor unless another is given.
    explicit hub(executor_type executor)
        : executor_{std::move(executor)}, state_{std::make_shared<state>()} {}
    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;
    ~hub() { close(); }

    /// Subscribes to an id. The subscription sees each `publish` of the id from here on.
    subscription subscribe(Id id) { return subscription{state_, std::move(id), executor_}; }
    /// The same, but waits complete on the given executor.
    subscription subscribe(Id id, const executor_type& executor) {
        return subscription{state_, std::move(id), executor};
    }

    /// Wakes all subscriptions of the id, if there are any.
    ///
    /// Errors: if a waiter is resumed within this call and throws, the exception is rethrown after
    /// all are woken.
    void publish(const Id& id) {
        std::exception_ptr failure;
        for (const std::shared_ptr<signal>& woken : state_->find(id)) {
            try {
                woken->set();
            } catch (...) {
                failure = std::current_exception();
            }
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
    }

    /// How many subscriptions there are, over all ids.
    std::size_t size() const { return state_->size(); }

    /// Ends the hub: every wait completes with `errc::closed`, and later subscriptions are closed
    /// from their start. Idempotent.
    void close() noexcept { state_->close(); }

private:
    class state;

    executor_type executor_;
    std::shared_ptr<state> state_;
};

/// One subscriber of one id. Destroying it unsubscribes.
///
/// Thread safety: `close` and `try_wait` from any thread; one wait at a time.
/// Lifetime: may outlive its hub, which closes it. It can be moved while a wait is pending. One
/// that was moved from can be assigned to, closed, destroyed, and asked whether it is valid.
template <class Id, class Hash>
class hub<Id, Hash>::subscription {
public:
    subscription(subscription&&) noexcept = default;
    subscription& operator=(subscription&& other) noexcept {
        if (this != &other) {
            close();
            state_ = std::move(other.state_);
            id_ = std::move(other.id_);
            signal_ = std::move(other.signal_);
            place_ = other.place_;
        }
        return *this;
    }
    ~subscription() { close(); }

    /// Whether it has not been moved from.
    bool valid() const noexcept { return signal_ != nullptr; }

    const Id& id() const noexcept { return id_; }

    /// The wake-up itself, for `stream_writer::wait`.
    signal& get_signal() noexcept { return *signal_; }

    /// Completes when the id is published; at once if it was since the last wait. See
    /// `signal::async_wait`.
    template <class Token = boost::asio::deferred_t>
    auto async_wait(Token&& token = Token{}) {
        return signal_->async_wait(std::forward<Token>(token));
    }

    /// Takes the wake-up if there is one. Returns whether there was.
    bool try_wait() noexcept { return signal_->try_wait(); }

    /// Ends the subscription: a pending wait completes with `errc::closed`. A wake-up that is set
    /// stays set. Idempotent.
    void close() noexcept {
        if (signal_ && state_->remove(id_, place_)) {
            signal_->close();
        }
    }

private:
    friend class hub;
    using signals = std::list<std::shared_ptr<signal>>;

    subscription(std::shared_ptr<state> of, Id id, const executor_type& executor)
        : state_{std::move(of)}, id_{std::move(id)}, signal_{std::make_shared<signal>(executor)} {
        signals added{signal_};
        place_ = added.begin();
        if (!state_->add(id_, added)) {
            signal_->close();
        }
    }

    std::shared_ptr<state> state_;
    Id id_;
    std::shared_ptr<signal> signal_;
    /// Among those of its id, until it leaves.
    std::optional<typename signals::iterator> place_;
};

template <class Id, class Hash>
class hub<Id, Hash>::state {
public:
    using signals = typename subscription::signals;

    /// False: it is closed.
    bool add(const Id& id, signals& added) {
        const std::lock_guard lock{mutex_};
        if (closed_) {
            return false;
        }
        signals& all = signals_[id];
        all.splice(all.end(), added);
        ++size_;
        return true;
    }

    /// False: it was removed before. Takes constant time, however many an id has.
    bool remove(const Id& id, std::optional<typename signals::iterator>& place) noexcept {
        signals removed; // it goes without the lock
        const std::lock_guard lock{mutex_};
        if (closed_ || !place) {
            return false;
        }
        const auto entry = signals_.find(id);
        removed.splice(removed.end(), entry->second, *std::exchange(place, std::nullopt));
        --size_;
        if (entry->second.empty()) {
            signals_.erase(entry);
        }
        return true;
    }

    std::vector<std::shared_ptr<signal>> find(const Id& id) const {
        const std::lock_guard lock{mutex_};
        const auto entry = signals_.find(id);
        if (entry == signals_.end()) {
            return {};
        }
        return {entry->second.begin(), entry->second.end()};
    }

    std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return size_;
    }

    void close() noexcept {
        const all_signals closed = take_all();
        for (const auto& [id, listening] : closed) {
            for (const std::shared_ptr<signal>& each : listening) {
                each->close();
            }
        }
    }

private:
    using all_signals = std::unordered_map<Id, signals, Hash>;

    all_signals take_all() noexcept {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        size_ = 0;
        return std::exchange(signals_, {});
    }

    mutable std::mutex mutex_;
    all_signals signals_;
    std::size_t size_ = 0;
    bool closed_ = false;
};

} // namespace crier
