#pragma once

#include <crier/async/signal.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace crier::detail {

/// What a channel and its senders share. Any thread.
template <class T>
class channel_state {
public:
    /// The signal is the reader's, and is not used after `end_reading`.
    channel_state(signal& ready, std::size_t limit) : ready_{&ready}, limit_{limit} {
        if (limit == 0) {
            throw std::invalid_argument{"a channel's limit is 0; it needs one or more"};
        }
    }
    channel_state(const channel_state&) = delete;
    channel_state& operator=(const channel_state&) = delete;

    /// Moves the value in. False: it does not, as nobody reads or, unless it waits, for want of
    /// room.
    bool add(T& value, bool waits_for_room) {
        std::unique_lock lock{mutex_};
        if (waits_for_room) {
            room_.wait(lock, [this] { return !takes_values() || waiting_.size() < limit_; });
        }
        if (!takes_values() || waiting_.size() >= limit_) {
            return false;
        }
        waiting_.push_back(std::move(value));
        // Under the lock: the reader, and its context, go only after they have taken it.
        ready_->set_later();
        return true;
    }

    std::optional<T> take() {
        const std::lock_guard lock{mutex_};
        if (waiting_.empty()) {
            return std::nullopt;
        }
        std::optional<T> first{std::move(waiting_.front())};
        waiting_.pop_front();
        room_.notify_one();
        return first;
    }

    /// None after `end_reading`.
    signal* ready() const noexcept {
        const std::lock_guard lock{mutex_};
        return ready_;
    }

    bool is_open() const noexcept {
        const std::lock_guard lock{mutex_};
        return takes_values();
    }

    void begin_sending() noexcept {
        const std::lock_guard lock{mutex_};
        ++senders_;
    }

    /// By each sender. What waits is still to be read after the last.
    void end_sending() noexcept {
        const std::lock_guard lock{mutex_};
        --senders_;
        if (senders_ == 0 && takes_values()) {
            is_complete_ = true;
            ready_->close();
        }
    }

    void end_reading() noexcept {
        std::deque<T> dropped; // it goes without the lock
        const std::lock_guard lock{mutex_};
        dropped.swap(waiting_);
        if (auto* const closed = std::exchange(ready_, nullptr)) {
            closed->close();
        }
        room_.notify_all();
    }

private:
    bool takes_values() const noexcept { return ready_ != nullptr && !is_complete_; }

    mutable std::mutex mutex_;
    std::condition_variable room_;
    std::deque<T> waiting_;
    signal* ready_; ///< none: nobody reads
    const std::size_t limit_;
    std::size_t senders_ = 0;
    bool is_complete_ = false; ///< the last sender has gone
};

} // namespace crier::detail
