#pragma once

#include "async/executors.hpp"
#include "shard.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/require.hpp>

#include <utility>

namespace crier::detail {

/// A shard's executor in the size of a pointer, for the frames of its coroutines: with Asio's own
/// type-erased one they take 190 bytes more. It counts no work: an idle stream does not keep its
/// context running, what it is written to does.
///
/// Lifetime: the shard must outlive it.
class shard_executor {
public:
    explicit shard_executor(const shard& of) noexcept : where_{&of.get_executor()} {}

    bool operator==(const shard_executor&) const noexcept = default;

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return boost::asio::query(*where_, boost::asio::execution::context);
    }

    /// Never calls at once.
    class posting {
    public:
        explicit posting(const boost::asio::any_io_executor* where) noexcept : where_{where} {}

        bool operator==(const posting&) const noexcept = default;

        boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
            return boost::asio::query(*where_, boost::asio::execution::context);
        }

        /// Not by `asio::post`, which asks for the function's own executor: this one.
        template <class Function>
        void execute(Function&& function) const {
            with_own_type(*where_, [&function](const auto& own) {
                boost::asio::require(own, boost::asio::execution::blocking.never)
                    .execute(std::forward<Function>(function));
            });
        }

    private:
        const boost::asio::any_io_executor* where_;
    };

    /// Calls at once where it can, as a completion on the shard does.
    template <class Function>
    void execute(Function&& function) const {
        if (runs_here(*where_)) {
            std::decay_t<Function> here = std::forward<Function>(function);
            std::move(here)();
        } else {
            posting{where_}.execute(std::forward<Function>(function));
        }
    }

    posting require(boost::asio::execution::blocking_t::never_t) const noexcept {
        return posting{where_};
    }

private:
    const boost::asio::any_io_executor* where_;
};

/// What a coroutine of a shard returns. It has no result: one would take room in each frame.
using shard_coroutine = boost::asio::awaitable<void, shard_executor>;

} // namespace crier::detail
