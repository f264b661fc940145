#pragma once

#include <crier/http/serve.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace crier::detail {

using gap_handler = decltype(serve_options::on_gap);

/// What is sent in a gap's place: what the caller has for it, or where that fails the gap itself.
boost::asio::awaitable<std::vector<frame>> heal(
    gap lost, const gap_handler& on_gap, std::shared_ptr<core> events);

} // namespace crier::detail
