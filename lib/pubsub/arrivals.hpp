#pragma once

#include <crier/pubsub/shared_journal.hpp>

#include "draft.hpp"
#include "journal_health.hpp"
#include "manager_core.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

namespace crier::detail {

/// What arrives by a journal that nodes share, of this node and the others: it is kept and
/// delivered as what a manager numbers itself.
class arrivals final : private journal_listener {
public:
    /// Ends, closes or empties a topic, under the lock.
    using action = std::function<void(
        journal_action what, std::string_view topic, std::string_view key, owed_drains& owed)>;

    arrivals(manager_core& of, journal_health& health, action act);
    arrivals(const arrivals&) = delete;
    arrivals& operator=(const arrivals&) = delete;
    ~arrivals() { end(); }

    /// The journal has an event of this node.
    void expect(const topic* of, std::uint64_t sequence) noexcept;

    /// Waits until what is expected has arrived, or until then. Under the lock, which it lets go
    /// meanwhile.
    void await_expected(
        std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point until) noexcept;

    /// Nothing arrives any more. Without the lock.
    void end() const noexcept { of_.shared->listen(nullptr); }

private:
    void followed(std::string_view name, std::uint64_t through) override;
    void arrived(std::string_view name, const journal_record& entry) override;
    void missed(
        std::string_view name, std::uint64_t after, std::uint64_t through) noexcept override;
    void changed(journal_state now) noexcept override { health_.note(now); }

    struct arrival;
    topic* awaiting(std::string_view name, std::uint64_t sequence) const noexcept;
    void bring(const arrival& what);
    void deliver(const arrival& what, topic& to, deliveries& by, owed_drains& owed);
    void note_position(topic& of, std::uint64_t sequence) noexcept;

    manager_core& of_;
    journal_health& health_;
    const action act_;
    std::uint64_t expected_ = 0;
    std::condition_variable moved_;
};

} // namespace crier::detail
