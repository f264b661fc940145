#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>

namespace crier {

/// Promises that one thread at a time runs the context. Sessions of coroutines on such a context
/// stay on it; all others run on their manager's strand. `crier::server` does it for its own.
///
/// Thread safety: any thread, before the context's first session.
void promise_single_thread(boost::asio::execution_context& context);

/// Whether the executor's context carries that promise.
bool has_single_thread(const boost::asio::any_io_executor& executor);

} // namespace crier
