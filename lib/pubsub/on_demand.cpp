#include <crier/pubsub/on_demand.hpp>

#include "log_line.hpp"
#include "service.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>
#include <new>
#include <utility>

namespace crier {
namespace {

namespace asio = boost::asio;

using begin_function = std::function<asio::awaitable<void>(publisher&)>;

asio::awaitable<void> begin_and_wait(const begin_function& on_first, detail::service_run& run) {
    try {
        asio::awaitable<void> beginning = on_first(run.to);
        co_await std::move(beginning);
    } catch (const std::bad_alloc&) {
        throw; // it is begun again
    } catch (...) {
        if (!run.stopping) {
            detail::log_line line;
            line << "on_first_subscriber failed: " << std::current_exception();
            run.to.log(severity::error, line.text());
        }
    }
    // The run is asked to end, and sees to it itself.
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!run.stopping) {
        co_await detail::wait_uncancelled(run.woken.get());
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
                     detail::service_run& run) { return begin_and_wait(on_first, run); };
    return detail::make_service(std::move(parts));
}

} // namespace crier
