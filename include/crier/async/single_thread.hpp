#pragma once

#include <crier/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

namespace crier {

/// Promises that one thread at a time runs the context. Sessions of coroutines on such a context
/// stay on it; all others run on their manager's strand. `crier::server` does it for its own.
///
/// Thread safety: any thread, before the context's first session.
CRIER_EXPORT void promise_single_thread(boost::asio::io_context& context);

/// The executor of the context behind, where that context carries the promise; else none.
CRIER_EXPORT boost::asio::any_io_executor single_thread_executor(
    const boost::asio::any_io_executor& executor);

} // namespace crier
