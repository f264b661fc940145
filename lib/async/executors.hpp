#pragma once

#include <crier/async/detail/handler_memory.hpp>

#include "own_executor.hpp"
#include "strand_base.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/execution/allocator.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace crier::detail {

template <class First, class... More, class Use>
decltype(auto) with_first_of(const boost::asio::any_io_executor& executor, Use& use) {
    if (const auto* const found = executor.target<First>()) {
        return use(*found);
    }
    if constexpr (sizeof...(More) > 0) {
        return with_first_of<More...>(executor, use);
    } else {
        return use(executor);
    }
}

/// Calls `use` with the executor as what it is, where that is one of an `io_context`, a strand, or
/// an `own_executor`, and may keep its context at work; else as it is given.
template <class Use>
decltype(auto) with_own_type(const boost::asio::any_io_executor& executor, Use use) {
    using boost::asio::any_io_executor;
    using boost::asio::strand;
    using plain = boost::asio::io_context::executor_type;
    using working = decltype(boost::asio::prefer(
        std::declval<plain>(), boost::asio::execution::outstanding_work.tracked));
    return with_first_of<working, plain, strand<strand_base<plain>>, strand<strand_base<working>>,
        own_executor, strand<plain>, strand<working>, strand<strand_base<any_io_executor>>,
        strand<any_io_executor>>(executor, use);
}

/// A strand of the executor that needs no memory to go on. On an io_context it is one of that type,
/// which Asio serves without the allocations that `any_io_executor` costs with each handler.
inline boost::asio::any_io_executor strand_on(const boost::asio::any_io_executor& executor) {
    using plain = boost::asio::io_context::executor_type;
    if (const auto* const own = executor.target<plain>()) {
        return boost::asio::make_strand(strand_base<plain>::on(*own));
    }
    return boost::asio::make_strand(strand_base<boost::asio::any_io_executor>::on(executor));
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

/// Posts with the executor's own type where that is known: only then is the allocator asked for
/// memory. Not by `asio::post`, which puts the executor into that memory, too.
template <class Allocator, class Function>
void post_with(
    const boost::asio::any_io_executor& executor, const Allocator& memory, Function&& function) {
    namespace asio = boost::asio;
    with_own_type(executor, [&](const auto& own) {
        asio::prefer(
            asio::require(own, asio::execution::blocking.never), asio::execution::allocator(memory))
            .execute(std::forward<Function>(function));
    });
}

/// Posts by the handler's own memory.
template <class Handler>
void post_typed(const boost::asio::any_io_executor& executor, Handler handler) {
    const auto memory = boost::asio::get_associated_allocator(handler);
    post_with(executor, memory, std::move(handler));
}

template <class Function>
void own_place::post(Function&& function) const {
    const handler_allocator<std::byte, std::shared_ptr<memory>> own{{in_, &in_->posted}};
    post_with(in_->executor, own, std::forward<Function>(function));
}

/// Whether whoever runs on one of them may use what belongs to the strand.
inline bool is_same_strand(
    const boost::asio::any_io_executor& one, const boost::asio::any_io_executor& strand) noexcept {
    const auto* const own = one.target<own_executor>();
    return one == strand || (own != nullptr && own->inner() == strand);
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
const void* state_of(
    const strand_of<strand_base<boost::asio::io_context::executor_type>>& of) noexcept;
template struct strand_state<strand_of<boost::asio::io_context::executor_type>,
    &strand_of<boost::asio::io_context::executor_type>::impl_>;
template struct strand_state<strand_of<boost::asio::thread_pool::executor_type>,
    &strand_of<boost::asio::thread_pool::executor_type>::impl_>;
template struct strand_state<strand_of<boost::asio::any_io_executor>,
    &strand_of<boost::asio::any_io_executor>::impl_>;
template struct strand_state<strand_of<strand_base<boost::asio::io_context::executor_type>>,
    &strand_of<strand_base<boost::asio::io_context::executor_type>>::impl_>;

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
    look(std::type_identity<strand_of<strand_base<boost::asio::io_context::executor_type>>>{});
    return std::hash<const void*>{}(identity);
}

} // namespace crier::detail
