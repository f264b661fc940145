#include <crier/async/clock.hpp>
#include <crier/async/detail/wakeable.hpp>
#include <crier/pubsub/polling.hpp>

#include "async/alarms.hpp"
#include "async/durations.hpp"
#include "async/what.hpp"
#include "service.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace crier {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

using fetch_function = std::function<asio::awaitable<json::value>()>;

json::object described_as(int status, std::string_view message, const polling_options& options) {
    return {{"apiVersion", options.api_version}, {"message", message}, {"statusCode", status}};
}

json::value describe(const std::exception_ptr& failure, const polling_options& options) {
    json::object described = described_as(500, detail::what(failure), options);
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

json::value describe_timeout(const polling_options& options) {
    return described_as(504,
        "the fetch took longer than " + std::to_string(options.timeout.count()) + " ms", options);
}

/// Cancels a fetch that takes too long, and warns once where it goes on all the same.
class fetch_limit final : private detail::wakeable {
public:
    fetch_limit(detail::service_run& run, std::chrono::milliseconds longest, bool& has_warned)
        : run_{run}, has_warned_{has_warned} {
        ring_after(longest);
    }
    fetch_limit(const fetch_limit&) = delete;
    fetch_limit& operator=(const fetch_limit&) = delete;
    ~fetch_limit() = default;

    bool is_over() const noexcept { return is_over_; }

private:
    static constexpr std::chrono::seconds grace{1};

    void ring_after(std::chrono::milliseconds time) noexcept {
        run_.woken.timing().set(alarm_, clock::now() + time);
    }

    void wake() override {
        if (is_over_) {
            warn();
            return;
        }
        is_over_ = true;
        ring_after(grace);
        try {
            run_.cancel(); // by which this may go
        } catch (const std::bad_alloc&) {
            is_over_ = false; // it is tried again
        }
    }

    void warn() {
        if (!std::exchange(has_warned_, true)) {
            run_.to.log(severity::warning,
                "a fetch goes on though it was cancelled at its timeout; the polling waits for it");
        }
    }

    detail::service_run& run_;
    bool& has_warned_;
    bool is_over_ = false;
    detail::alarm alarm_{*this};
};

/// Tells whether to go on.
asio::awaitable<bool> fetch_once(const fetch_function& fetch, const polling_options& options,
    detail::service_run& run, bool& has_warned) {
    json::value data;
    std::exception_ptr failure;
    bool took_too_long = false;
    if (run.stopping) {
        co_return false;
    }
    {
        const fetch_limit limit{run, options.timeout, has_warned};
        try {
            co_await asio::this_coro::throw_if_cancelled(true);
            asio::awaitable<json::value> fetching = fetch();
            data = co_await std::move(fetching);
        } catch (...) {
            failure = std::current_exception();
        }
        took_too_long = limit.is_over();
    }
    // A fetch may have turned its cancellation off; the wait for the next one listens again.
    co_await asio::this_coro::reset_cancellation_state();
    co_await asio::this_coro::throw_if_cancelled(false);
    if (run.stopping) {
        co_return false;
    }
    if (took_too_long) {
        data = describe_timeout(options);
    } else if (failure) {
        data = describe(failure, options);
    }
    const bool has_failed = took_too_long || failure;
    publish_options how;
    how.type = options.type;
    how.key = options.key;
    how.only_changes = options.only_changes;
    run.to.publish(data, how);
    co_return has_failed || !options.stop_condition || !options.stop_condition(data);
}

asio::awaitable<void> poll(
    const fetch_function& fetch, const polling_options& options, detail::service_run& run) {
    // The run is asked to end, and sees to it itself.
    co_await asio::this_coro::throw_if_cancelled(false);
    clock::time_point due = clock::now();
    bool has_warned = false;
    while (true) {
        bool goes_on = true;
        try {
            asio::awaitable<bool> turn = fetch_once(fetch, options, run, has_warned);
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
    options.timeout = detail::in_range(options.timeout, polling_options{}.timeout);
    detail::service_parts parts;
    parts.finish = std::move(options.on_stop);
    parts.finish_name = "on_stop";
    parts.linger = options.linger;
    parts.work = [fetch = std::move(fetch), options = std::move(options)](
                     detail::service_run& run) { return poll(fetch, options, run); };
    return detail::make_service(std::move(parts));
}

} // namespace crier
