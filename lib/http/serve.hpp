#pragma once

#include <crier/http/serve.hpp>

#include "decision.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace crier::detail {

/// Answers a request as was decided, until the end of the stream. See the public `serve`.
boost::asio::awaitable<end_reason> serve(
    decision decided, sink_maker make, std::shared_ptr<manager_state> events);

} // namespace crier::detail
