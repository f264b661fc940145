#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace crier::detail {

/// Calls `use` with the executor as what it is, where that is one of an `io_context` or a strand,
/// and may keep its context at work; else as it is given.
template <class Use>
decltype(auto) with_own_type(const boost::asio::any_io_executor& executor, Use use) {
    using boost::asio::any_io_executor;
    using boost::asio::strand;
    using plain = boost::asio::io_context::executor_type;
    using working = decltype(boost::asio::prefer(
        std::declval<plain>(), boost::asio::execution::outstanding_work.tracked));
    if (const auto* const found = executor.target<working>()) {
        return use(*found);
    }
    if (const auto* const found = executor.target<plain>()) {
        return use(*found);
    }
    if (const auto* const found = executor.target<strand<plain>>()) {
        return use(*found);
    }
    if (const auto* const found = executor.target<strand<working>>()) {
        return use(*found);
    }
    if (const auto* const found = executor.target<strand<any_io_executor>>()) {
        return use(*found);
    }
    return use(executor);
}

/// A strand of the executor. On an io_context it is one of that type, which Asio serves without the
/// allocations that `any_io_executor` costs with each handler.
inline boost::asio::any_io_executor strand_on(const boost::asio::any_io_executor& executor) {
    if (const auto* const plain = executor.target<boost::asio::io_context::executor_type>()) {
        return boost::asio::make_strand(*plain);
    }
    return boost::asio::make_strand(executor);
}

/// Whether a handler of the executor may be called here and now.
inline bool runs_here(const boost::asio::any_io_executor& executor) noexcept {
    return with_own_type(executor, []<class Executor>(const Executor& own) {
        if constexpr (requires { own.running_in_this_thread(); }) {
            return own.running_in_this_thread();
        } else {
            return false;
        }
    });
}

/// Posts with the executor's own type where that is known: only then is the handler's allocator
/// asked for memory.
template <class Handler>
void post_typed(const boost::asio::any_io_executor& executor, Handler handler) {
    with_own_type(
        executor, [&handler](const auto& own) { boost::asio::post(own, std::move(handler)); });
}

/// Where a strand's state lies, which it shares with its copies. Asio compares strands, but neither
/// orders nor hashes them; an explicit instantiation may name a private member.
template <class Strand, auto Member>
struct strand_state {
    friend const void* state_of(const Strand& of) noexcept { return (of.*Member).get(); }
};

template <class Executor>
using strand_of = boost::asio::strand<Executor>;

const void* state_of(const strand_of<boost::asio::io_context::executor_type>& of) noexcept;
const void* state_of(const strand_of<boost::asio::thread_pool::executor_type>& of) noexcept;
const void* state_of(const strand_of<boost::asio::any_io_executor>& of) noexcept;
template struct strand_state<strand_of<boost::asio::io_context::executor_type>,
    &strand_of<boost::asio::io_context::executor_type>::impl_>;
template struct strand_state<strand_of<boost::asio::thread_pool::executor_type>,
    &strand_of<boost::asio::thread_pool::executor_type>::impl_>;
template struct strand_state<strand_of<boost::asio::any_io_executor>,
    &strand_of<boost::asio::any_io_executor>::impl_>;

/// Equal for equal executors; different for most others. Strands of types that are not named here
/// have that of their context.
inline std::size_t hash_of(const boost::asio::any_io_executor& executor) noexcept {
    const void* identity = &boost::asio::query(executor, boost::asio::execution::context);
    const auto look = [&]<class Strand>(std::type_identity<Strand>) {
        if (const auto* const found = executor.target<Strand>()) {
            identity = state_of(*found);
        }
    };
    look(std::type_identity<strand_of<boost::asio::io_context::executor_type>>{});
    look(std::type_identity<strand_of<boost::asio::thread_pool::executor_type>>{});
    look(std::type_identity<strand_of<boost::asio::any_io_executor>>{});
    return std::hash<const void*>{}(identity);
}

} // namespace crier::detail
