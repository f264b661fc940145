#include "service.hpp"

#include <crier/async/clock.hpp>

#include "async/executors.hpp"
#include "async/run_on.hpp"
#include "async/spawn.hpp"
#include "log_line.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/intrusive/list.hpp>

#include <exception>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
namespace intrusive = boost::intrusive;

/// Somebody who waits for a run's end.
struct waiter_for_end : intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>> {
    explicit waiter_for_end(const asio::any_io_executor& executor) : ended{executor} {}

    signal ended;
};

/// A run is one coroutine after the other: Asio destroys one in which a wait finds no memory to
/// begin, and the next goes on where it was.
class run : public std::enable_shared_from_this<run> {
public:
    run(std::shared_ptr<const service_parts> parts, publisher& to)
        : parts_{std::move(parts)},
          executor_{to.get_executor()},
          own_{own_executor_on(executor_)},
          seen_{to, own_} {}

    /// Throws `std::bad_alloc`, and has not begun then.
    void start() {
        has_begun_ = false;
        seen_.cancellation = std::make_shared<asio::cancellation_signal>();
        try {
            spawn(own_, go_on(shared_from_this()), {seen_.cancellation});
        } catch (...) {
            if (!has_begun_) {
                throw;
            }
        }
    }

    static asio::awaitable<void> stop(std::shared_ptr<run> self) {
        const asio::any_io_executor caller = co_await asio::this_coro::executor;
        if (caller == self->own_) {
            // The work and the finish cannot wait for their own end.
            self->request_stop();
            co_return;
        }
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        const asio::any_io_executor there = self->executor_;
        const bool is_there = is_same_strand(caller, there) && !state.slot().is_connected();
        asio::awaitable<void> waiting = stop_and_wait(std::move(self));
        if (!is_there) {
            waiting = run_to_end_on(there, std::move(waiting));
        }
        co_await std::move(waiting);
    }

private:
    enum class step { work, finish, over };

    /// Whatever ends a coroutine: what it has left to do is done later.
    struct rest {
        run& of;
        explicit rest(run& whose) noexcept : of{whose} {
            of.has_begun_ = true;
            of.has_told_ = false;
        }
        rest(const rest&) = delete;
        rest& operator=(const rest&) = delete;
        ~rest() {
            of.works_ = false;
            of.next_ == step::over ? of.tell_end() : of.pause();
        }
    };

    void request_stop() {
        seen_.stopping = true;
        if (works_) {
            seen_.cancel();
            works_ = false;
        }
        seen_.woken.set();
    }

    static asio::awaitable<void> stop_and_wait(std::shared_ptr<run> self) {
        const asio::any_io_executor here = co_await asio::this_coro::executor;
        waiter_for_end waits{here};
        self->request_stop();
        if (!self->has_ended_) {
            self->waiting_.push_back(waits);
            co_await wait_uncancelled(waits.ended);
        }
    }

    static asio::awaitable<void> go_on(std::shared_ptr<run> self) {
        const rest owed{*self};
        if (self->next_ == step::work) {
            self->next_ = step::finish;
            self->again_ = true; // unless the work ends by itself
            try {
                co_await self->work();
                self->again_ = false;
            } catch (const std::bad_alloc&) {
                self->log("polling lacks memory, and begins again later");
            } catch (...) {
                self->again_ = false;
                self->log("polling ended: ", std::current_exception());
            }
            // From here on a stop has nothing to cancel, and what it has cancelled was the work.
            self->works_ = false;
            co_await asio::this_coro::reset_cancellation_state();
        }
        const step after = self->again_ ? step::work : step::over;
        try {
            if (self->parts_->finish) {
                asio::awaitable<void> finishing = self->parts_->finish();
                self->next_ = after;
                co_await std::move(finishing);
            }
        } catch (const std::bad_alloc&) {
            self->log(self->parts_->finish_name, " failed: ", std::current_exception());
            if (self->next_ == step::finish) {
                co_return; // it has not begun
            }
        } catch (...) {
            self->log(self->parts_->finish_name, " failed: ", std::current_exception());
        }
        self->next_ = after;
    }

    asio::awaitable<void> work() {
        if (!seen_.stopping) {
            works_ = true;
            asio::awaitable<void> working = parts_->work(seen_);
            co_await std::move(working);
        }
    }

    void pause() noexcept {
        seen_.woken.set_at(clock::now() + until_there_is_memory);
        seen_.woken.get().async_wait(
            [self = shared_from_this()](boost::system::error_code) { self->resume(); });
    }

    void resume() noexcept {
        if (next_ == step::work && seen_.stopping) {
            next_ = step::over;
            tell_end();
            return;
        }
        if (!has_told_) {
            log("polling was cut off by a lack of memory, and goes on");
        }
        try {
            start();
        } catch (...) {
            log("polling lacks memory to go on: ", std::current_exception());
            pause();
        }
    }

    void tell_end() noexcept {
        has_ended_ = true;
        while (!waiting_.empty()) {
            waiter_for_end& first = waiting_.front();
            waiting_.pop_front();
            first.ended.close();
        }
    }

    template <class... Words>
    void log(const Words&... words) noexcept {
        has_told_ = true;
        log_line line;
        (line << ... << words);
        try {
            seen_.to.log(severity::error, line.text());
        } catch (...) { // NOLINT(bugprone-empty-catch): there is nobody left to tell
        }
    }

    const std::shared_ptr<const service_parts> parts_;
    const asio::any_io_executor executor_;
    /// Of this run alone: by it a call from within is known.
    const asio::any_io_executor own_;
    service_run seen_;
    step next_ = step::work;
    bool has_begun_ = false; ///< the coroutine that was spawned last
    bool has_told_ = false;  ///< and has logged why it ended
    bool works_ = false;     ///< and is to be cancelled by a stop
    bool again_ = false;
    bool has_ended_ = false;
    intrusive::list<waiter_for_end, intrusive::constant_time_size<false>> waiting_;
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
