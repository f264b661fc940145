#pragma once

#include <crier/http/serve.hpp>

#include "decision.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

namespace crier::detail {

/// Answers a request as was decided, until the end of the stream. See the public `serve`.
/// `executor`: where the sink has to be used; none: on that which `serve` tells of.
boost::asio::awaitable<end_reason> serve(decision decided, sink_maker make,
    std::shared_ptr<manager_state> events, boost::asio::any_io_executor executor);

} // namespace crier::detail
