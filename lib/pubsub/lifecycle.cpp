#include "lifecycle.hpp"

#include "async/durations.hpp"
#include "log_line.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>

#include <iterator>
#include <new>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

void starting::run(shard& /*on*/) noexcept {
    auto& self = static_cast<polling_run&>(*this);
    self.owner->start(self);
}

void starting::release() noexcept { intrusive_ptr_release(static_cast<polling_run*>(this)); }

void stopping::run(shard& /*on*/) noexcept {
    auto& self = static_cast<polling_run&>(*this);
    self.owner->stop(self);
}

void stopping::release() noexcept { intrusive_ptr_release(static_cast<polling_run*>(this)); }

polling_run::polling_run(
    std::shared_ptr<lifecycle> by, std::shared_ptr<polling_service> polled, std::string name)
    : owner{std::move(by)},
      service{std::move(polled)},
      topic{std::move(name)},
      linger{in_range(service->linger(), std::chrono::milliseconds{0})},
      started{owner->get_executor()},
      stopped{owner->get_executor()} {}

polling_run_ptr lifecycle::make_run(std::shared_ptr<polling_service> service, std::string topic) {
    polling_run_ptr made{new polling_run{shared_from_this(), std::move(service), std::move(topic)}};
    asio::co_spawn(strand_, live(made), asio::detached);
    return made;
}

asio::awaitable<void> lifecycle::live(polling_run_ptr run) {
    const auto [unused] = co_await run->started.async_wait(asio::as_tuple(asio::deferred));
    if (unused) {
        co_return;
    }
    const std::shared_ptr<lifecycle> self = run->owner;
    try {
        run->service->start(*run->to);
        self->log(severity::info, *run, "started");
    } catch (...) {
        self->log(severity::error, *run, "did not start: ", std::current_exception());
    }
    co_await run->stopped.async_wait(asio::as_tuple(asio::deferred));
    asio::awaitable<void> stopping_it = self->stop_service(*run);
    co_await std::move(stopping_it);
    self->ended(*run);
}

asio::awaitable<void> lifecycle::stop_service(const polling_run& run) {
    for (int attempts = 2; attempts > 0; --attempts) {
        try {
            asio::awaitable<void> asked = run.service->stop();
            co_await std::move(asked);
            log(severity::info, run, "stopped");
            co_return;
        } catch (const std::bad_alloc&) {
            // There may be memory now, and what polls for nobody is to end.
            log(severity::error, run, "did not stop well: ", std::current_exception());
        } catch (...) {
            log(severity::error, run, "did not stop well: ", std::current_exception());
            co_return;
        }
    }
}

void lifecycle::start(polling_run& next) {
    const bool is_first = runs_.find(next.service.get()) == runs_.end();
    runs_.insert(next);
    if (is_first) {
        next.started.set();
    } else if (runs_.find(next.service.get())->topic != next.topic) {
        log(severity::warning, next, "waits: its service runs for another topic");
    }
}

void lifecycle::stop(polling_run& which) {
    if (&*runs_.find(which.service.get()) == &which) {
        which.stopped.set();
    } else {
        runs_.erase(runs_.iterator_to(which));
        which.started.close();
    }
}

void lifecycle::ended(polling_run& last) {
    const polling_service* const service = last.service.get();
    runs_.erase(runs_.iterator_to(last));
    const auto next = runs_.find(service);
    if (next != runs_.end()) {
        next->started.set();
    }
}

void lifecycle::log(severity level, const polling_run& run, std::string_view what,
    const std::exception_ptr& why) const noexcept {
    log_line line;
    line << "polling of topic " << quoted_name{run.topic} << " " << what;
    if (why) {
        line << why;
    }
    (*log_)(level, line.text());
}

} // namespace crier::detail
