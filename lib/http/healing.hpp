#pragma once

#include <crier/http/serve.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace crier::detail {

class manager_state;

using gap_handler = decltype(serve_options::on_gap);

/// Makes what is sent in a gap's place: what the caller has for it, or where that fails the gap
/// itself; nothing where it was cancelled before it had begun. It is told on the executor, in a
/// handler of its own: the signal may go then. What `then` holds is to keep `on_gap` for as long.
void ask_for_frames(const gap& missing, const gap_handler& on_gap,
    std::shared_ptr<manager_state> events, const boost::asio::any_io_executor& executor,
    boost::asio::cancellation_slot cancelled, std::function<void(const std::vector<frame>&)> then);

} // namespace crier::detail
