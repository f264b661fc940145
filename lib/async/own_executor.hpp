#pragma once

#include <crier/async/detail/handler_memory.hpp>

#include "placed_executor.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// Where an `own_executor` runs, with memory for what is posted there.
class own_place {
public:
    /// Throws `std::bad_alloc`.
    explicit own_place(boost::asio::any_io_executor executor)
        : in_{std::make_shared<kept>(std::move(executor))} {}

    bool operator==(const own_place&) const noexcept = default;

    const boost::asio::any_io_executor& get_executor() const noexcept { return in_->executor; }

    template <class Function>
    void post(Function&& function) const;

private:
    using memory = handler_memory<256>;

    struct kept {
        explicit kept(boost::asio::any_io_executor on) noexcept : executor{std::move(on)} {}

        const boost::asio::any_io_executor executor;
        memory posted;
    };

    std::shared_ptr<kept> in_;
};

/// An executor of one coroutine, or of another handler at a time. Where a wait cannot begin, Asio
/// posts the coroutine's destruction from a destructor, and the process would end if that found no
/// memory. `any_io_executor` holds it without any. It differs from what it runs on: by it a
/// coroutine is known.
///
/// Lifetime: copies may outlive whoever made it.
using own_executor = placed_executor<own_place>;

/// Throws `std::bad_alloc`.
inline own_executor own_executor_on(boost::asio::any_io_executor executor) {
    return own_executor{own_place{std::move(executor)}};
}

} // namespace crier::detail
