#pragma once

#include <crier/http/serve.hpp>

#include "pubsub/core.hpp"
#include "stream_state.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace crier::detail {

struct subscription_access {
    static subscriber& state_of(subscription& of) noexcept { return *of.state_; }
    static void read_on(subscription& of) { of.owner_->read_on(of.home_, of.state_); }
};

using gap_handler = decltype(serve_options::on_gap);

/// Sends what the subscription gets, and heartbeats, until the returned error ends it.
boost::asio::awaitable<boost::system::error_code> deliver(
    stream_state& out, subscription& source, const gap_handler& on_gap, const core& events);

} // namespace crier::detail
