#pragma once

#include "wire/memory_account.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>

namespace crier::detail {

/// What keeps events that may go where memory runs short.
class evictable : public boost::intrusive::list_base_hook<> {
public:
    virtual void evict_oldest() noexcept = 0;

protected:
    ~evictable() = default;
};

/// Keeps to a limit of memory, as a state machine that says what is to be done: what is kept goes
/// first, the least recently used first; then, in rounds over all shards, subscribers miss the
/// older half of all that may wait. Guarded by its manager's lock.
class memory_budget {
public:
    enum class action {
        admit,       ///< there is room
        deny,        ///< there is none
        evict,       ///< `least_recent` is to let its oldest go
        begin_round, ///< call `begin_round`
        leave_late,  ///< call `leave_late`
    };

    explicit memory_budget(std::size_t limit) : limit_{limit} {}

    const memory_account_ptr& account() const noexcept { return account_; }

    // What is kept, in the order of its use:

    void use(evictable& used) noexcept;
    void forget(evictable& gone) noexcept;
    evictable& least_recent() noexcept { return by_use_.front(); }

    /// Makes room for one event that is counted already: ask, do, and ask again, until it is
    /// admitted or denied.
    class request {
    public:
        request(memory_budget& of, std::size_t size) noexcept : of_{of}, size_{size} {}
        action next() noexcept;

    private:
        memory_budget& of_;
        std::size_t size_;
        bool began_ = false;
        bool left_late_ = false;
    };

    /// Begins a round: all shards are to shed what is older than the number that is returned, and
    /// each that can is to `take_part`. `newest` is the last number given.
    std::uint64_t begin_round(std::uint64_t newest) noexcept;
    void take_part() noexcept { ++shards_; }

    /// A shard has done its part; `oldest` is what still waits there, the highest number of all if
    /// nothing does. True: another round is to begin.
    bool shard_done(std::uint64_t oldest, bool has_subscribers, std::uint64_t newest) noexcept;

    /// Whether shards may be left out that are late, which have not even begun with their part:
    /// some others have made room, and nobody is to wait for those that stand still.
    bool may_leave_late() const noexcept { return has_answer_; }

    /// Takes so many shards for those that have still to do their part. True: another round is to
    /// begin.
    bool wait_only_for(std::size_t shards, std::uint64_t newest) noexcept;

private:
    bool is_in_round() const noexcept { return shards_ > 0; }
    /// Where the last shard has done its part. True: another round is to begin.
    bool end_round(std::uint64_t newest) noexcept;

    const std::size_t limit_;
    const memory_account_ptr account_{new memory_account};
    boost::intrusive::list<evictable> by_use_;
    std::uint64_t shed_before_ = 0;
    std::uint64_t oldest_ = 0; ///< what waited after the last round
    std::size_t shards_ = 0;   ///< that have still to do their part
    bool has_answer_ = false;
    bool is_denying_ = false;
};

} // namespace crier::detail
