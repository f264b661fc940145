#include <crier/async/clock.hpp>
#include <crier/pubsub/on_demand.hpp>

#include "service.hpp"
#include "what.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace crier {
namespace {

namespace asio = boost::asio;

using begin_function = std::function<asio::awaitable<void>(publisher&)>;

asio::awaitable<void> begin_and_wait(
    const begin_function& on_first, const detail::service_run& run) {
    try {
        asio::awaitable<void> beginning = on_first(run.to);
        co_await std::move(beginning);
    } catch (...) {
        if (!run.stopping) {
            run.to.log(severity::error,
                "on_first_subscriber failed: " + detail::what(std::current_exception()));
        }
    }
    // The user's function may have turned its cancellation off; this wait listens again.
    co_await asio::this_coro::reset_cancellation_state();
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    timer never{executor, clock::time_point::max()};
    while (!run.stopping) {
        boost::system::error_code cancelled;
        co_await never.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
}

} // namespace

std::shared_ptr<polling_service> on_demand(on_demand_options options) {
    if (!options.on_first_subscriber) {
        throw std::invalid_argument{"on_demand needs an on_first_subscriber"};
    }
    detail::service_parts parts;
    parts.finish = std::move(options.on_last_subscriber);
    parts.finish_name = "on_last_subscriber";
    parts.linger = options.linger;
    parts.work = [on_first = std::move(options.on_first_subscriber)](
                     const detail::service_run& run) { return begin_and_wait(on_first, run); };
    return detail::make_service(std::move(parts));
}

} // namespace crier
