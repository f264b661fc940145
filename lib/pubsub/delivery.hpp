#pragma once

#include "entry.hpp"
#include "lane.hpp"
#include "task.hpp"

#include <cstdint>
#include <utility>

namespace crier::detail {

/// An event on its way to a lane: first a task, then an entry of its subscribers' event queues. One
/// that is denied, for lack of memory, has no content, and may stand for several.
struct delivery final : entry, task {
    /// It is counted in the account for as long as it is there.
    explicit delivery(memory_account_ptr account) noexcept
        : entry{frame{}}, account_{std::move(account)} {
        account_->add(counted_);
    }
    ~delivery() override { account_->remove(counted_); }

    bool is_denied() const noexcept { return is_denied_; }

    /// There is no memory for it: it keeps none, and is not counted any more.
    void deny() noexcept {
        is_denied_ = true;
        content = frame{};
        account_->remove(std::exchange(counted_, 0));
    }

    void run(shard& on) noexcept override;
    void release() noexcept override { intrusive_ptr_release(static_cast<entry*>(this)); }

    boost::intrusive_ptr<lane> in;
    /// Only for those who joined at this sequence number or later.
    std::uint64_t only_since = 0;
    /// Later numbers have been delivered before it, or some of the subscribers had it elsewhere.
    bool is_late = false;
    // Where it is missed: up to where, and how many.
    std::uint64_t last = 0;
    std::uint64_t count = 1;

private:
    bool is_denied_ = false;
    std::size_t counted_ = heap_size(sizeof(delivery));
    const memory_account_ptr account_;
};

using delivery_ptr = boost::intrusive_ptr<delivery>;

} // namespace crier::detail
