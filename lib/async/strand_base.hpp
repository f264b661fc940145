#pragma once

#include <crier/async/detail/handler_memory.hpp>

#include <boost/asio/execution/allocator.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace crier::detail {

/// What a strand stands on: the executor below, with memory for the one handler by which the strand
/// goes on. Asio 1.81 posts that one from a destructor, and where it finds no memory the process
/// ends, or else the strand stands still for ever.
template <class Below>
class strand_base {
    using memory = handler_memory<160>;

public:
    /// No constructor of one executor: an `any_io_executor` below could be made of the strand's
    /// base, and Clang would ask itself, to find out whether that can be copied, whether it can be
    /// copied.
    static strand_base on(Below below) { return {std::move(below), std::make_shared<memory>()}; }
    strand_base(Below below, std::shared_ptr<memory> kept) noexcept
        : below_{std::move(below)}, memory_{std::move(kept)} {}

    friend bool operator==(const strand_base& one, const strand_base& other) noexcept {
        return one.below_ == other.below_ && one.memory_ == other.memory_;
    }

    template <class Property>
        requires boost::asio::can_query<const Below&, Property>::value
    decltype(auto) query(const Property& property) const
        noexcept(boost::asio::is_nothrow_query<const Below&, Property>::value) {
        return boost::asio::query(below_, property);
    }

    template <class Property>
        requires boost::asio::can_require<const Below&, Property>::value
    auto require(const Property& property) const {
        return with(boost::asio::require(below_, property));
    }

    template <class Property>
        requires boost::asio::can_prefer<const Below&, Property>::value
    auto prefer(const Property& property) const {
        return with(boost::asio::prefer(below_, property));
    }

    template <class Function>
    void execute(Function&& function) const {
        const handler_allocator<std::byte, std::shared_ptr<memory>> kept{memory_};
        boost::asio::prefer(below_, boost::asio::execution::allocator(kept))
            .execute(std::forward<Function>(function));
    }

private:
    template <class Other>
    strand_base<Other> with(Other below) const noexcept {
        return {std::move(below), memory_};
    }

    Below below_;
    std::shared_ptr<memory> memory_;
};

} // namespace crier::detail
