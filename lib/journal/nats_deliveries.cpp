#include "nats_deliveries.hpp"

#include <utility>

namespace crier::detail {

void nats_deliveries::push(nats_received message) noexcept {
    constexpr std::size_t overhead = 512; // of a message, about
    const std::size_t size = message.payload().size() + overhead;
    const std::scoped_lock locked{lock_};
    try {
        if (messages_ >= most_.messages || bytes_ + size > most_.bytes) {
            waiting_.lost.emplace(message.subject());
        } else {
            waiting_.items.emplace_back(std::move(message));
            ++messages_;
            bytes_ += size;
        }
    } catch (...) {
        waiting_.has_lost_all = true;
    }
    changed_.notify_one();
}

void nats_deliveries::push(item&& added) {
    const std::scoped_lock locked{lock_};
    waiting_.items.push_back(std::move(added));
    changed_.notify_one();
}

void nats_deliveries::note_lost(std::string_view subject) noexcept {
    const std::scoped_lock locked{lock_};
    try {
        waiting_.lost.emplace(subject);
    } catch (...) {
        waiting_.has_lost_all = true;
    }
    changed_.notify_one();
}

void nats_deliveries::wake() noexcept {
    const std::scoped_lock locked{lock_};
    is_woken_ = true;
    changed_.notify_one();
}

void nats_deliveries::wait(time_point until) {
    std::unique_lock locked{lock_};
    changed_.wait_until(locked, until, [this] {
        return is_woken_ || !waiting_.items.empty() || !waiting_.lost.empty() ||
               waiting_.has_lost_all;
    });
    is_woken_ = false;
}

nats_deliveries::taken nats_deliveries::take() noexcept {
    const std::scoped_lock locked{lock_};
    messages_ = 0;
    bytes_ = 0;
    return std::exchange(waiting_, {});
}

} // namespace crier::detail
