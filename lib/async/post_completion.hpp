#pragma once

#include <crier/async/detail/pending_wait.hpp>

#include "executors.hpp"

#include <memory>
#include <utility>

namespace crier::detail {

/// Posts a function, which keeps the wait by whose memory it is posted.
template <class... Results, class Function>
void post_by_memory_of(const std::shared_ptr<pending_wait<Results...>>& of,
    const boost::asio::any_io_executor& where, Function function) {
    post_typed(where,
        bind_memory(std::shared_ptr<small_handler_memory>{of, &of->memory}, std::move(function)));
}

/// Lets the handler be called from its executor.
template <class... Results>
void post_completion(const std::shared_ptr<pending_wait<Results...>>& of) {
    // A copy: the handler may have been called before this returns.
    const boost::asio::any_io_executor where = of->where;
    post_by_memory_of(of, where, [of] { of->complete(); });
}

} // namespace crier::detail
