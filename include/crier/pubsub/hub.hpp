#pragma once

#include <crier/async/signal.hpp>

#include <boost/container_hash/hash.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace crier {

/// Wake-ups keyed by an id, without any payload: whoever waits for an id learns that something
/// about it changed, and reads the present state from where it is kept.
///
///     crier::hub<boost::uuids::uuid> hub{executor};
///     auto subscription = hub.subscribe(request);      // first subscribe, then read the state
///     co_await subscription.async_wait(boost::asio::use_awaitable);
///
/// Several publishes before a wake give exactly one wake.
///
/// Thread safety: all members from any thread. No lock is held while a waiter runs.
template <class Id, class Hash = boost::hash<Id>>
class hub {
public:
    using executor_type = boost::asio::any_io_executor;
    class subscription;

    /// The executor is the one on which the subscriptions' waits complete by default.
    explicit hub(executor_type executor)
        : executor_{std::move(executor)}, state_{std::make_shared<state>()} {}
    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;
    ~hub() { close(); }

    /// From here on each `publish` of the id is seen by the subscription.
    subscription subscribe(Id id) { return subscription{state_, std::move(id), executor_}; }
    /// The same with an executor of its own, where its waits complete.
    subscription subscribe(Id id, const executor_type& executor) {
        return subscription{state_, std::move(id), executor};
    }

    /// Wakes all subscriptions of the id; an id that nobody subscribed to is passed over. What a
    /// waiter throws that is resumed in here is thrown on, after all are woken.
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

    /// Completes every wait with `errc::closed`; later subscriptions are closed from their start.
    void close() noexcept {
        for (const auto& [id, listening] : state_->close()) {
            for (const std::shared_ptr<signal>& closed : listening) {
                closed->close();
            }
        }
    }

private:
    class state;

    executor_type executor_;
    std::shared_ptr<state> state_;
};

/// One subscriber of one id. Destroying it unsubscribes.
///
/// Thread safety: `close` and `try_wait` from any thread; one wait at a time.
/// Lifetime: may outlive its hub, and is closed then.
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
        }
        return *this;
    }
    ~subscription() { close(); }

    const Id& id() const noexcept { return id_; }

    /// The wake-up itself, for `stream_writer::wait`.
    signal& get_signal() noexcept { return *signal_; }

    /// Completes when the id was published since the last wait. See `signal::async_wait`.
    template <class Token = boost::asio::deferred_t>
    auto async_wait(Token&& token = Token{}) {
        return signal_->async_wait(std::forward<Token>(token));
    }

    /// Takes the wake-up if there is one, and tells whether there was.
    bool try_wait() noexcept { return signal_->try_wait(); }

    /// Ends the subscription: a pending wait completes with `errc::closed`; a wake-up that is set
    /// stays readable. Idempotent.
    void close() {
        if (signal_ && state_->remove(id_, signal_)) {
            signal_->close();
        }
    }

private:
    friend class hub;

    subscription(std::shared_ptr<state> state, Id id, const executor_type& executor)
        : state_{std::move(state)},
          id_{std::move(id)},
          signal_{std::make_shared<signal>(executor)} {
        if (!state_->add(id_, signal_)) {
            signal_->close();
        }
    }

    std::shared_ptr<state> state_;
    Id id_;
    std::shared_ptr<signal> signal_;
};

template <class Id, class Hash>
class hub<Id, Hash>::state {
public:
    using signals = std::vector<std::shared_ptr<signal>>;
    using by_id = std::unordered_map<Id, signals, Hash>;

    bool add(const Id& id, const std::shared_ptr<signal>& added) {
        const std::lock_guard lock{mutex_};
        if (closed_) {
            return false;
        }
        const auto entry = signals_.try_emplace(id).first;
        try {
            entry->second.push_back(added);
        } catch (...) {
            if (entry->second.empty()) {
                signals_.erase(entry);
            }
            throw;
        }
        ++size_;
        return true;
    }

    bool remove(const Id& id, const std::shared_ptr<signal>& removed) {
        const std::lock_guard lock{mutex_};
        const auto entry = signals_.find(id);
        if (entry == signals_.end() || std::erase(entry->second, removed) == 0) {
            return false;
        }
        --size_;
        if (entry->second.empty()) {
            signals_.erase(entry);
        }
        return true;
    }

    signals find(const Id& id) const {
        const std::lock_guard lock{mutex_};
        const auto entry = signals_.find(id);
        return entry == signals_.end() ? signals{} : entry->second;
    }

    std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return size_;
    }

    by_id close() noexcept {
        by_id all;
        const std::lock_guard lock{mutex_};
        closed_ = true;
        size_ = 0;
        all.swap(signals_);
        return all;
    }

private:
    mutable std::mutex mutex_;
    by_id signals_;
    std::size_t size_ = 0;
    bool closed_ = false;
};

} // namespace crier
