#pragma once

#include <crier/async/detail/pending_wait.hpp>

#include "executors.hpp"

#include <memory>

namespace crier::detail {

/// Lets the handler be called from its executor.
template <class... Results>
void post_completion(const std::shared_ptr<pending_wait<Results...>>& of) {
    // A copy: the handler may have been called before this returns.
    const boost::asio::any_io_executor where = of->where;
    post_typed(where, bind_memory(std::shared_ptr<small_handler_memory>{of, &of->memory},
                          [of] { of->complete(); }));
}

} // namespace crier::detail
