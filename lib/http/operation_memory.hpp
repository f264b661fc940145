#pragma once

#include <crier/async/detail/handler_memory.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>

namespace crier::detail {

/// Memory for an operation that a coroutine awaits, there before the operation begins. If an
/// operation finds no memory, Asio posts the destruction of its coroutine, from a destructor. If
/// there is no memory for that post either, the process ends.
///
/// For one operation at a time. Lifetime: until it has completed.
template <std::size_t size>
class operation_memory {
public:
    /// The completion token of the operation that begins next. `slot` is the coroutine's, if it can
    /// be cancelled. Throws `std::bad_alloc`.
    auto token(boost::system::error_code& error, boost::asio::cancellation_slot slot = {}) {
        if (slot.is_connected()) {
            slot.assign(placeholder{});
        }
        const handler_allocator<std::byte, handler_memory<size>*> allocator{&memory_};
        return boost::asio::redirect_error(
            boost::asio::bind_allocator(allocator, boost::asio::use_awaitable), error);
    }

private:
    /// A slot reuses the memory of its last handler.
    struct placeholder {
        std::array<std::byte, 64> larger_than_what_comes{};
        void operator()(boost::asio::cancellation_type /*type*/) const noexcept {}
    };

    handler_memory<size> memory_;
};

} // namespace crier::detail
