#pragma once

#include <crier/pubsub/polling.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace crier::detail {

/// One run of a service, from a start to its end, as its work sees it.
struct service_run {
    publisher& to;
    /// The work has been asked to end.
    bool stopping = false;
};

/// What a service does in each of its runs, on a strand of the run's own: the work, then the
/// finish, whatever ended the work. What they throw is logged.
struct service_parts {
    /// Cancelled with `terminal` by a stop.
    std::function<boost::asio::awaitable<void>(const service_run&)> work{};
    /// May be empty.
    std::function<boost::asio::awaitable<void>()> finish{};
    /// As the user knows it.
    std::string finish_name{};
    std::chrono::milliseconds linger{};
};

/// Makes a service whose `stop` asks the work to end and waits for the finish. Called from within
/// either it does not wait.
std::shared_ptr<polling_service> make_service(service_parts parts);

} // namespace crier::detail
