#pragma once

#include <crier/http/exchange.hpp>
#include <crier/pubsub/manager.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/json/value.hpp>

#include <string_view>

namespace hub {

boost::asio::awaitable<void> respond(
    crier::exchange& request, boost::beast::http::status status, const boost::json::value& body);

/// What was wrong, in JSON.
boost::json::value describe_error(std::string_view what);

/// Publishes a request's body to the topics that its query names, and answers once the journal has
/// it.
boost::asio::awaitable<void> publish(crier::exchange& request, crier::manager& events);

} // namespace hub
