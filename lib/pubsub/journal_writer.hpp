#pragma once

#include <crier/pubsub/shared_journal.hpp>

#include "journal_health.hpp"
#include "manager_core.hpp"
#include "outbox.hpp"
#include "retired_topics.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <span>
#include <string_view>
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
        /// Nothing more is written. What is still to come is waited for until then.
        virtual void all_written(std::chrono::steady_clock::time_point until) noexcept = 0;

    protected:
        ~listener() = default;
    };

    /// The manager's lock guards the outbox.
    journal_writer(manager_core& of, outbox& from, listener& told, journal_health& health);
    journal_writer(const journal_writer&) = delete;
    journal_writer& operator=(const journal_writer&) = delete;
    ~journal_writer();

    /// There is something in the outbox.
    void wake() noexcept { woken_.notify_one(); }

    // Under the manager's lock:

    /// Where topics go that a shared journal is to follow no more.
    retired_topics& retired() noexcept { return retired_; }

    /// Ends it: what waits is written, or given up at that time.
    void end(std::chrono::steady_clock::time_point until) noexcept;

    /// Waits for its end, without the lock.
    void join() noexcept;

private:
    void run();
    bool take_batch() noexcept;
    void unfollow_retired() noexcept;
    void note_all_numbers() noexcept;
    void write();
    void write_events(std::span<outgoing> run);
    void write_turn(outgoing& one);
    void write_follows(std::span<outgoing> run);
    boost::system::error_code follow_all();
    template <class Call>
    boost::system::error_code until_done(Call call);
    boost::system::error_code fill_entries(std::span<outgoing> run);
    void add_entry(const outgoing& each);
    boost::system::error_code take(const turn& by);
    boost::system::error_code note_number(std::uint64_t newest);
    bool is_to_be_tried_again();
    void note_answer(const boost::system::error_code& error);

    manager_core& of_;
    journal& to_;
    outbox& from_;
    listener& told_;
    journal_health& health_;
    std::condition_variable woken_;
    retired_topics retired_{woken_};
    bool is_ending_ = false;
    bool is_over_ = false;
    std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::time_point::max();
    // The thread's own:
    std::vector<outgoing> batch_;
    std::vector<journal_entry> entries_;
    std::vector<std::string_view> names_;
    std::thread thread_; ///< last, as it uses the others
};

/// Wakes the writer at the end, if that is owed. Declare it before the manager's lock: who is woken
/// under the lock runs into it, and on the same CPU even keeps its owner from letting it go.
class owed_wake {
public:
    owed_wake() = default;
    owed_wake(const owed_wake&) = delete;
    owed_wake& operator=(const owed_wake&) = delete;
    ~owed_wake() {
        if (of_ != nullptr) {
            of_->wake();
        }
    }

    void add(journal_writer& of) noexcept { of_ = &of; }

private:
    journal_writer* of_ = nullptr;
};

} // namespace crier::detail
