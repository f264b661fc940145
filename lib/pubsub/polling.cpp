#include <crier/async/clock.hpp>
#include <crier/pubsub/polling.hpp>

#include "async/durations.hpp"
#include "async/what.hpp"
#include "service.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <new>

namespace crier {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

using fetch_function = std::function<asio::awaitable<json::value>()>;

json::value describe(const std::exception_ptr& failure, const std::string& api_version) {
    json::object described{
        {"apiVersion", api_version}, {"message", detail::what(failure)}, {"statusCode", 500}};
    try {
        std::rethrow_exception(failure);
    } catch (const fetch_error& error) {
        described["statusCode"] = error.status();
        if (error.request_id()) {
            described["requestId"] = *error.request_id();
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): all others are described already
    }
    return described;
}

/// Tells whether to go on.
asio::awaitable<bool> fetch_once(
    const fetch_function& fetch, const polling_options& options, detail::service_run& run) {
    json::value data;
    std::exception_ptr failure;
    if (run.stopping) {
        co_return false;
    }
    try {
        co_await asio::this_coro::throw_if_cancelled(true);
        asio::awaitable<json::value> fetching = fetch();
        data = co_await std::move(fetching);
    } catch (...) {
        failure = std::current_exception();
    }
    // A fetch may have turned its cancellation off; the wait for the next one listens again.
    co_await asio::this_coro::reset_cancellation_state();
    co_await asio::this_coro::throw_if_cancelled(false);
    if (run.stopping) {
        co_return false;
    }
    if (failure) {
        data = describe(failure, options.api_version);
    }
    publish_options how;
    how.type = options.type;
    how.only_changes = options.only_changes;
    run.to.publish(data, how);
    co_return failure || !options.stop_condition || !options.stop_condition(data);
}

asio::awaitable<void> poll(
    const fetch_function& fetch, const polling_options& options, detail::service_run& run) {
    // The run is asked to end, and sees to it itself.
    co_await asio::this_coro::throw_if_cancelled(false);
    clock::time_point due = clock::now();
    while (true) {
        bool goes_on = true;
        try {
            asio::awaitable<bool> turn = fetch_once(fetch, options, run);
            goes_on = co_await std::move(turn);
        } catch (const std::bad_alloc&) {
            run.to.log(severity::error, "a turn of polling was left out: out of memory");
        }
        if (!goes_on) {
            co_return;
        }
        due = std::max(due + options.interval, clock::now());
        run.woken.set_at(due);
        while (!run.stopping && clock::now() < due) {
            co_await detail::wait_uncancelled(run.woken.get());
        }
        if (run.stopping) {
            co_return;
        }
    }
}

} // namespace

std::shared_ptr<polling_service> polling(
    std::function<asio::awaitable<json::value>()> fetch, polling_options options) {
    if (!fetch) {
        throw std::invalid_argument{"polling needs a fetch"};
    }
    options.interval = detail::in_range(options.interval, polling_options{}.interval);
    detail::service_parts parts;
    parts.finish = std::move(options.on_stop);
    parts.finish_name = "on_stop";
    parts.linger = options.linger;
    parts.work = [fetch = std::move(fetch), options = std::move(options)](
                     detail::service_run& run) { return poll(fetch, options, run); };
    return detail::make_service(std::move(parts));
}

} // namespace crier
