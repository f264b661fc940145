#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <utility>

namespace crier::detail {

/// A strand of the executor. On an io_context it is one of that type, which Asio serves without the
/// allocations that `any_io_executor` costs with each handler.
inline boost::asio::any_io_executor strand_on(const boost::asio::any_io_executor& executor) {
    if (const auto* const plain = executor.target<boost::asio::io_context::executor_type>()) {
        return boost::asio::make_strand(*plain);
    }
    return boost::asio::make_strand(executor);
}

/// Posts with the executor's own type where that is known: only then is the handler's allocator
/// asked for memory.
template <class Handler>
void post_typed(const boost::asio::any_io_executor& executor, Handler handler) {
    using plain_type = boost::asio::io_context::executor_type;
    if (const auto* const plain = executor.target<plain_type>()) {
        boost::asio::post(*plain, std::move(handler));
    } else if (const auto* const strand = executor.target<boost::asio::strand<plain_type>>()) {
        boost::asio::post(*strand, std::move(handler));
    } else {
        boost::asio::post(executor, std::move(handler));
    }
}

} // namespace crier::detail
