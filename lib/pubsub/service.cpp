#include "service.hpp"

#include <crier/async/clock.hpp>

#include "async/executors.hpp"
#include "async/run_on.hpp"
#include "what.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

class run : public std::enable_shared_from_this<run> {
public:
    run(std::shared_ptr<const service_parts> parts, publisher& to)
        : parts_{std::move(parts)},
          seen_{to},
          executor_{to.get_executor()},
          own_{strand_on(executor_)},
          ended_{executor_, clock::time_point::max()} {}

    void start() {
        asio::co_spawn(own_, work_and_finish(shared_from_this()),
            asio::bind_cancellation_slot(cancellation_.slot(), [](const std::exception_ptr&) {}));
    }

    static asio::awaitable<void> stop(std::shared_ptr<run> self) {
        const asio::any_io_executor caller = co_await asio::this_coro::executor;
        if (caller == self->own_) {
            // The work and the finish cannot wait for their own end.
            self->request_stop();
            co_return;
        }
        const asio::any_io_executor there = self->executor_;
        asio::awaitable<void> waiting = run_to_end_on(there, stop_and_wait(std::move(self)));
        co_await std::move(waiting);
    }

private:
    void request_stop() {
        if (!std::exchange(seen_.stopping, true)) {
            cancellation_.emit(asio::cancellation_type::terminal);
        }
    }

    static asio::awaitable<void> stop_and_wait(std::shared_ptr<run> self) {
        self->request_stop();
        while (!self->over_) {
            boost::system::error_code cancelled;
            co_await self->ended_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        }
    }

    static asio::awaitable<void> work_and_finish(std::shared_ptr<run> self) {
        try {
            co_await self->work();
        } catch (...) {
            self->log("polling ended: ");
        }
        // From here on a stop has nothing to cancel, and what it has cancelled was the work.
        self->seen_.stopping = true;
        co_await asio::this_coro::reset_cancellation_state();
        try {
            co_await self->finish();
        } catch (...) {
            self->log(self->parts_->finish_name + " failed: ");
        }
        self->over_ = true;
        self->ended_.cancel();
    }

    asio::awaitable<void> work() {
        if (!seen_.stopping) {
            asio::awaitable<void> working = parts_->work(seen_);
            co_await std::move(working);
        }
    }

    asio::awaitable<void> finish() {
        if (parts_->finish) {
            asio::awaitable<void> finishing = parts_->finish();
            co_await std::move(finishing);
        }
    }

    void log(const std::string& failed) {
        seen_.to.log(severity::error, failed + what(std::current_exception()));
    }

    const std::shared_ptr<const service_parts> parts_;
    service_run seen_;
    const asio::any_io_executor executor_;
    /// Of this run alone, on the executor: by it a call from within is known.
    const asio::any_io_executor own_;
    asio::cancellation_signal cancellation_;
    bool over_ = false;
    /// Never expires: its cancellation tells those who wait for the end.
    timer ended_;
};

class service_of_runs final : public polling_service {
public:
    explicit service_of_runs(service_parts parts)
        : parts_{std::make_shared<const service_parts>(std::move(parts))} {}

    void start(publisher& to) override {
        const auto begun = std::make_shared<run>(parts_, to);
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

    std::chrono::milliseconds linger() const noexcept override { return parts_->linger; }

private:
    static asio::awaitable<void> nothing() { co_return; }

    const std::shared_ptr<const service_parts> parts_;
    std::mutex mutex_;
    /// Kept by its own coroutine alone: the service may outlive the context.
    std::weak_ptr<run> current_;
};

} // namespace

std::shared_ptr<polling_service> make_service(service_parts parts) {
    return std::make_shared<service_of_runs>(std::move(parts));
}

} // namespace crier::detail
