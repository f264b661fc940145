#pragma once

#include <crier/http/exchange.hpp>

#include "api.hpp"
#include "model.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/json/value.hpp>

#include <chrono>

namespace completions {

boost::asio::awaitable<void> respond(
    crier::exchange& request, boost::beast::http::status status, const boost::json::value& body);

// Both end with an error where the tokens end before their time, as they do at a shutdown.

/// Sends each token as it comes.
boost::asio::awaitable<void> send_stream(crier::exchange& request, const answer& of, tokens& from,
    std::chrono::milliseconds heartbeat_interval);

/// Sends all tokens in one response.
boost::asio::awaitable<void> send_whole(crier::exchange& request, const answer& of, tokens& from);

} // namespace completions
