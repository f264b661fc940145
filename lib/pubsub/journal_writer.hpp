#pragma once

#include <crier/async/clock.hpp>
#include <crier/pubsub/journal.hpp>
#include <crier/pubsub/logger.hpp>

#include "outbox.hpp"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace crier::detail {

/// Brings what waits in the outbox into the journal, on a thread of its own: all that waits at a
/// time in one call. What the journal has, or refuses, its manager is told.
class journal_writer {
public:
    /// The manager: what becomes of what was written.
    class listener {
    public:
        /// In the order of the numbers, without the manager's lock. Where it throws, it is called
        /// again.
        virtual void written(outgoing& one, boost::system::error_code error) = 0;
        /// Under the lock: the last number that was given.
        virtual std::uint64_t newest() const noexcept = 0;
        /// Nothing more is written.
        virtual void all_written() noexcept = 0;

    protected:
        ~listener() = default;
    };

    /// The guard is the manager's lock, the outbox what it guards.
    journal_writer(std::shared_ptr<journal> to, std::mutex& guard, outbox& from, listener& told,
        std::shared_ptr<const logger> log);
    journal_writer(const journal_writer&) = delete;
    journal_writer& operator=(const journal_writer&) = delete;
    ~journal_writer();

    // Under the manager's lock:

    /// There is something in the outbox.
    void wake() noexcept { woken_.notify_one(); }

    /// Ends it: what waits is written, or given up at that time.
    void end(clock::time_point until) noexcept;

    /// Since when the journal does not answer; none: it does.
    std::optional<std::chrono::system_clock::time_point> away_since() const noexcept {
        return away_since_;
    }

    /// Waits for its end, without the lock.
    void join() noexcept;

private:
    void run();
    bool take_batch() noexcept;
    void note_all_numbers() noexcept;
    void write();
    boost::system::error_code write_until_done(std::span<outgoing> run);
    boost::system::error_code append(std::span<outgoing> run);
    boost::system::error_code take(const turn& by);
    boost::system::error_code note_number(std::uint64_t newest);
    bool is_to_be_tried_again();
    void note_answer(const boost::system::error_code& error);

    const std::shared_ptr<journal> to_;
    std::mutex& guard_;
    outbox& from_;
    listener& told_;
    const std::shared_ptr<const logger> log_;
    std::condition_variable woken_;
    bool is_ending_ = false;
    bool is_over_ = false;
    clock::time_point until_ = clock::time_point::max();
    std::optional<std::chrono::system_clock::time_point> away_since_;
    // The thread's own:
    std::vector<outgoing> batch_;
    std::vector<journal_entry> entries_;
    std::thread thread_; ///< last, as it uses the others
};

} // namespace crier::detail
