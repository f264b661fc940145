#pragma once

#include "async/executors.hpp"
#include "shard.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// Where a shard's coroutines run. The shard must outlive it.
class shard_place {
public:
    explicit shard_place(const shard& of) noexcept : where_{&of.get_executor()} {}

    bool operator==(const shard_place&) const noexcept = default;

    const boost::asio::any_io_executor& get_executor() const noexcept { return *where_; }

    template <class Function>
    void post(Function&& function) const {
        post_with(*where_, std::allocator<void>{}, std::forward<Function>(function));
    }

private:
    const boost::asio::any_io_executor* where_;
};

/// A shard's executor in the size of a pointer, for the frames of its coroutines: with Asio's own
/// type-erased one they take 190 bytes more. It counts no work: an idle stream does not keep its
/// context running, what it is written to does.
using shard_executor = placed_executor<shard_place>;

/// What a coroutine of a shard returns. It has no result: one would take room in each frame.
using shard_coroutine = boost::asio::awaitable<void, shard_executor>;

} // namespace crier::detail
