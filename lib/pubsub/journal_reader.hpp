#pragma once

#include <crier/pubsub/shared_journal.hpp>

#include "journal_page.hpp"
#include "journal_requests.hpp"
#include "manager_core.hpp"
#include "shard.hpp"
#include "topic.hpp"
#include "waking.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace crier::detail {

/// Reads what topics no longer have in memory from the journal, on a thread of its own. Many that
/// ask for the same are answered by one call, and what was read lately is kept for a while.
class journal_reader {
public:
    /// The guard is the manager's lock.
    explicit journal_reader(manager_core& of);
    journal_reader(const journal_reader&) = delete;
    journal_reader& operator=(const journal_reader&) = delete;
    ~journal_reader();

    // Under the manager's lock:

    /// The piece that goes on after a number, if it was read lately; else none, and it is read.
    /// `through` is up to where the topic has nothing in memory.
    journal_piece_ptr find(
        topic& of, std::uint64_t after, std::uint64_t through, const waiting_reader& waits);

    /// Reads what a topic retains into it, for whoever waits for that.
    void load(topic& into, const waiting_reader& waits);

    /// The number of a topic's event with this id of the publisher's own, 0 without one; none if
    /// that is being looked up.
    std::optional<std::uint64_t> find_id(
        topic& of, const std::string& own_id, const waiting_reader& waits);

    /// Asks a shared journal for the last number that it has given, and what it was at last.
    void ask_newest(const waiting_reader& waits);
    std::uint64_t newest() const noexcept { return newest_; }
    /// How often it has answered.
    std::uint64_t newest_answers() const noexcept { return newest_answers_; }

    /// Wakes all that wait, at the end.
    void wake_all_waiting(owed_drains& owed) noexcept;

    /// Without the lock: ends what is read, and waits for that.
    void join() noexcept;

private:
    using request = journal_request;
    using sought = journal_request::sought;

    void ask(request&& what, const waiting_reader& waits);
    void run() noexcept;
    bool take();
    void answer();
    template <class Call>
    auto read(Call call) -> decltype(call());
    bool read_piece(const request& what, std::unique_lock<std::mutex>& lock);
    bool look_up(const request& what, std::unique_lock<std::mutex>& lock);
    bool read_newest(std::unique_lock<std::mutex>& lock);
    journal_piece_ptr piece_of(const request& what, const journal_page& found);
    journal_piece_ptr unreadable(const request& what, const boost::system::error_code& error);
    void keep(const topic& of, journal_piece_ptr piece);

    manager_core& of_;
    journal& from_;
    std::condition_variable woken_;
    bool is_ending_ = false;
    journal_requests requests_; ///< the first is being read
    struct kept_piece {
        boost::intrusive_ptr<const topic> of;
        journal_piece_ptr piece;
        std::size_t bytes = 0;
    };
    std::deque<kept_piece> lately_; ///< the newest last
    struct found_id {
        boost::intrusive_ptr<const topic> of;
        std::string id;
        std::uint64_t sequence = 0;
    };
    std::deque<found_id> found_; ///< the newest last
    std::size_t bytes_lately_ = 0;
    std::uint64_t newest_ = 0; ///< that a shared journal has told
    std::uint64_t newest_answers_ = 0;
    std::thread thread_; ///< last, as it uses the others
};

} // namespace crier::detail
