#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace crier::model {

/// Completes with the error, where else it would be thrown.
inline constexpr auto as_value = boost::asio::as_tuple(boost::asio::use_awaitable);

} // namespace crier::model
