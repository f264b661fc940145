#pragma once

#include <crier/pubsub/polling.hpp>

#include "async/timed_signal.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace crier::detail {

/// How long whoever lacked memory waits before the next attempt.
inline constexpr std::chrono::milliseconds until_there_is_memory{100};

/// One run of a service, from a start to its end, as its work sees it.
struct service_run {
    service_run(publisher& target, const boost::asio::any_io_executor& own)
        : to{target}, woken{own} {}

    /// Cancels what the work waits for, with `terminal`. On the run's executor.
    void cancel() const {
        const auto kept = cancellation; // it may end within this
        kept->emit(boost::asio::cancellation_type::terminal);
    }

    publisher& to;
    /// The work has been asked to end.
    bool stopping = false;
    /// Set when the work is asked to end, and at a time that the work sets. By this alone it waits.
    timed_signal woken;
    std::shared_ptr<boost::asio::cancellation_signal> cancellation{};
};

/// What a service does in each of its runs, on an executor of the run's own: the work, then the
/// finish, whatever ended the work. What they throw is logged. Work that lacks memory is done
/// again, after a finish.
struct service_parts {
    /// Cancelled with `terminal` by a stop.
    std::function<boost::asio::awaitable<void>(service_run&)> work{};
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
