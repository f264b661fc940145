#pragma once

#include <crier/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

namespace crier {

/// Promises that only one thread at a time runs the context. A session that a coroutine on this
/// context awaits then runs on the context. Without the promise it runs on its manager's strand,
/// together with all other such sessions. `crier::server` makes the promise for its own contexts.
///
/// To use all cores, run one context per thread and make the promise for each. If several threads
/// run a context for which it was made, they use the same sessions without a lock: a data race, and
/// the behaviour is undefined.
///
/// Thread safety: any thread, before the context's first session.
CRIER_EXPORT void promise_single_thread(boost::asio::io_context& context);

/// The executor of the given executor's context if the promise was made for that context, else
/// none.
CRIER_EXPORT boost::asio::any_io_executor single_thread_executor(
    const boost::asio::any_io_executor& executor);

} // namespace crier
