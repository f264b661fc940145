#include "lifecycle.hpp"

#include "async/durations.hpp"
#include "async/executors.hpp"
#include "async/spawn.hpp"
#include "log_line.hpp"
#include "service.hpp"

#include <boost/system/error_code.hpp>

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
      own{own_executor_on(owner->get_executor())},
      again{own} {
    owner->left().add();
}

polling_run::~polling_run() { owner->left().remove(); }

polling_run_ptr lifecycle::make_run(std::shared_ptr<polling_service> service, std::string topic) {
    return polling_run_ptr{
        new polling_run{shared_from_this(), std::move(service), std::move(topic)}};
}

void lifecycle::start(polling_run& next) noexcept {
    const bool is_first = runs_.find(next.service.get()) == runs_.end();
    runs_.insert(next);
    if (is_first) {
        go_on(next);
    } else if (runs_.find(next.service.get())->topic != next.topic) {
        log(severity::warning, next, "waits: its service runs for another topic");
    }
}

void lifecycle::stop(polling_run& which) noexcept {
    if (&*runs_.find(which.service.get()) == &which) {
        which.next = polling_run::step::stop;
        go_on(which);
    } else {
        runs_.erase(runs_.iterator_to(which));
    }
}

void lifecycle::go_on(polling_run& run) noexcept {
    const polling_run_ptr kept{&run};
    if (run.next == polling_run::step::start) {
        start_service(run);
    } else if (run.next == polling_run::step::stop) {
        stop_service(run);
    }
}

void lifecycle::go_on_later(polling_run& run) noexcept {
    run.again.set_at(clock::now() + until_there_is_memory);
    if (!std::exchange(run.waits, true)) {
        run.again.get().async_wait([kept = polling_run_ptr{&run}](boost::system::error_code) {
            kept->waits = false;
            go_on(*kept);
        });
    }
}

void lifecycle::start_service(polling_run& run) noexcept {
    const lifecycle& self = *run.owner;
    try {
        run.service->start(*run.to);
        run.next = polling_run::step::none;
        self.log(severity::info, run, "started");
    } catch (const std::bad_alloc&) {
        self.log(severity::error, run, "did not start yet: ", std::current_exception());
        go_on_later(run);
    } catch (...) {
        run.next = polling_run::step::none;
        self.log(severity::error, run, "did not start: ", std::current_exception());
    }
}

void lifecycle::stop_service(polling_run& run) noexcept {
    try {
        spawn(run.own, stop_and_wait(polling_run_ptr{&run}), {});
    } catch (...) {
        // Its coroutine may have been there all the same, and be over.
        if (run.next == polling_run::step::stop) {
            run.owner->log(severity::error, run, "did not stop yet: ", std::current_exception());
            go_on_later(run);
        }
    }
}

asio::awaitable<void> lifecycle::stop_and_wait(polling_run_ptr run) {
    /// What polls for nobody is to end: whatever ends the coroutine before, it is tried again.
    struct trial {
        polling_run& of;
        ~trial() {
            if (of.next == polling_run::step::none) {
                of.next = polling_run::step::stop;
                go_on_later(of);
            }
        }
    };
    run->next = polling_run::step::none;
    const trial begun{*run};
    lifecycle& self = *run->owner;
    try {
        asio::awaitable<void> asked = run->service->stop();
        co_await std::move(asked);
        self.log(severity::info, *run, "stopped");
    } catch (const std::bad_alloc&) {
        self.log(severity::error, *run, "did not stop yet: ", std::current_exception());
        co_return;
    } catch (...) {
        self.log(severity::error, *run, "did not stop well: ", std::current_exception());
    }
    run->next = polling_run::step::over;
    self.ended(*run);
}

void lifecycle::ended(polling_run& last) noexcept {
    const polling_service* const service = last.service.get();
    runs_.erase(runs_.iterator_to(last));
    const auto next = runs_.find(service);
    if (next != runs_.end()) {
        go_on(*next);
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
