#include <crier/pubsub/clock.hpp>
#include <crier/pubsub/polling.hpp>

#include "run_on.hpp"
#include "what.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <mutex>

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

/// One run from a start to its end, on the publisher's strand.
class run : public std::enable_shared_from_this<run> {
public:
    run(fetch_function fetch, polling_options options, publisher& to)
        : fetch_{std::move(fetch)},
          options_{std::move(options)},
          to_{to},
          executor_{to.get_executor()},
          own_{asio::make_strand(executor_)},
          over_{executor_, clock::time_point::max()} {}

    void start() {
        asio::co_spawn(own_, loop(shared_from_this()),
            asio::bind_cancellation_slot(cancellation_.slot(), [](const std::exception_ptr&) {}));
    }

    static asio::awaitable<void> stop(std::shared_ptr<run> self) {
        const asio::any_io_executor caller = co_await asio::this_coro::executor;
        if (caller == self->own_) {
            // The fetch and `on_stop` cannot wait for their own end.
            self->request_stop();
            co_return;
        }
        const asio::any_io_executor there = self->executor_;
        asio::awaitable<void> waiting =
            detail::run_to_end_on(there, stop_and_wait(std::move(self)));
        co_await std::move(waiting);
    }

private:
    enum class phase { fetching, stopping, on_stop, over };

    void request_stop() {
        if (phase_ == phase::fetching) {
            phase_ = phase::stopping;
            cancellation_.emit(asio::cancellation_type::terminal);
        }
    }

    static asio::awaitable<void> stop_and_wait(std::shared_ptr<run> self) {
        self->request_stop();
        while (self->phase_ != phase::over) {
            boost::system::error_code cancelled;
            co_await self->over_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        }
    }

    static asio::awaitable<void> loop(std::shared_ptr<run> self) {
        try {
            co_await self->poll();
        } catch (...) {
            self->to_.log(
                severity::error, "polling ended: " + detail::what(std::current_exception()));
        }
        // The cancellation was meant for the fetch.
        co_await asio::this_coro::reset_cancellation_state();
        co_await self->finish();
    }

    asio::awaitable<void> poll() {
        co_await asio::this_coro::throw_if_cancelled(false);
        timer next{own_};
        clock::time_point due = clock::now();
        while (co_await fetch_once()) {
            due = std::max(due + options_.interval, clock::now());
            next.expires_at(due);
            boost::system::error_code cancelled;
            co_await next.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        }
    }

    /// Tells whether to go on.
    asio::awaitable<bool> fetch_once() {
        json::value data;
        std::exception_ptr failure;
        if (phase_ != phase::fetching) {
            co_return false;
        }
        try {
            co_await asio::this_coro::throw_if_cancelled(true);
            asio::awaitable<json::value> fetching = fetch_();
            data = co_await std::move(fetching);
        } catch (...) {
            failure = std::current_exception();
        }
        co_await asio::this_coro::throw_if_cancelled(false);
        if (phase_ != phase::fetching) {
            co_return false;
        }
        if (failure) {
            data = describe(failure, options_.api_version);
        }
        publish(data);
        co_return failure || !options_.stop_condition || !options_.stop_condition(data);
    }

    void publish(const json::value& data) {
        publish_options options;
        options.type = options_.type;
        options.only_changes = options_.only_changes;
        to_.publish(data, options);
    }

    asio::awaitable<void> finish() {
        phase_ = phase::on_stop;
        if (options_.on_stop) {
            try {
                asio::awaitable<void> stopping = options_.on_stop();
                co_await std::move(stopping);
            } catch (...) {
                to_.log(
                    severity::error, "on_stop failed: " + detail::what(std::current_exception()));
            }
        }
        phase_ = phase::over;
        over_.cancel();
    }

    const fetch_function fetch_;
    const polling_options options_;
    publisher& to_;
    const asio::any_io_executor executor_;
    /// Of this run alone, on the executor: by it a call from within is known.
    const asio::any_io_executor own_;
    asio::cancellation_signal cancellation_;
    phase phase_ = phase::fetching;
    /// Never expires: its cancellation tells those who wait for the end.
    timer over_;
};

class polling_by_fetch final : public polling_service {
public:
    polling_by_fetch(fetch_function fetch, polling_options options)
        : fetch_{std::move(fetch)}, options_{std::move(options)} {}

    void start(publisher& to) override {
        const auto begun = std::make_shared<run>(fetch_, options_, to);
        {
            const std::lock_guard lock{mutex_};
            current_ = begun;
        }
        begun->start();
    }

    asio::awaitable<void> stop() override {
        std::shared_ptr<run> stopped;
        {
            const std::lock_guard lock{mutex_};
            stopped = current_.lock();
        }
        return stopped ? run::stop(std::move(stopped)) : nothing();
    }

private:
    static asio::awaitable<void> nothing() { co_return; }

    const fetch_function fetch_;
    const polling_options options_;
    std::mutex mutex_;
    /// Kept by its own coroutine alone: the service may outlive the context.
    std::weak_ptr<run> current_;
};

} // namespace

std::shared_ptr<polling_service> polling(
    std::function<asio::awaitable<json::value>()> fetch, polling_options options) {
    if (!fetch) {
        throw std::invalid_argument{"polling needs a fetch"};
    }
    if (options.interval.count() < 0) {
        throw std::invalid_argument{"interval is negative; zero means the default of 5 s"};
    }
    if (options.interval.count() == 0) {
        options.interval = polling_options{}.interval;
    }
    return std::make_shared<polling_by_fetch>(std::move(fetch), std::move(options));
}

} // namespace crier
