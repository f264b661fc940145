#pragma once

#include "delivery.hpp"
#include "task.hpp"

#include <cstdint>
#include <mutex>

namespace crier::detail {

/// What a shard is to do, in its order. Thread-safe; nothing of it needs memory.
class inbox {
public:
    inbox() = default;
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;
    ~inbox() { close(); }

    /// Lets go of all tasks, and at once of those that come later: nobody will do them any more.
    void close() noexcept;

    /// True: the caller owes a drain, for nobody else does.
    [[nodiscard]] bool push(task& what) noexcept;

    /// The same for a denied event: one that there was no memory for. Those of a topic between
    /// which nothing else came are made one, so that they take no memory either.
    [[nodiscard]] bool deny(delivery& what) noexcept;

    /// Denies all events that wait here and are older than the number.
    void deny_older(std::uint64_t than) noexcept;

    /// Drains it: gives all tasks. The next one to come owes a drain again.
    void take(task_list& all) noexcept;

    /// Asks for a drain though nothing has come. True: the caller owes it.
    [[nodiscard]] bool owe_drain() noexcept;

    /// For a drain that is owed and cannot be begun: the next one to come owes it.
    void forgive_drain() noexcept;

private:
    bool merge(const delivery& what) const noexcept;
    void note(delivery& denied) const noexcept;

    std::mutex mutex_;
    task_list tasks_;
    /// Numbers the streaks: denied events between which nothing else came.
    std::uint64_t streak_ = 1;
    bool drain_owed_ = false;
    bool is_closed_ = false;
};

} // namespace crier::detail
