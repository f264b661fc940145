#include "serve.hpp"

#include <crier/async/detail/handler_memory.hpp>
#include <crier/async/single_thread.hpp>
#include <crier/http/serve.hpp>

#include "async/executors.hpp"
#include "session.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

/// As a value: in Boost 1.81 an exception beside one does not compile for a deferred operation.
struct outcome {
    end_reason reason;
    std::exception_ptr failure;
};

/// What a session is begun with.
struct order {
    decision decided;
    sink_maker make;
    std::shared_ptr<manager_state> events;
    asio::any_io_executor executor{}; ///< of the sink; none: any
};

/// A caller that waits for the end of its session, which lives on a shard. Begun, told and
/// cancelled by tasks, it needs no memory for any of that.
class waiting_caller : public std::enable_shared_from_this<waiting_caller>, public session_end {
public:
    waiting_caller(order&& what, std::shared_ptr<shard> on, asio::any_io_executor where)
        : order_{std::move(what)},
          shard_{std::move(on)},
          where_{asio::prefer(std::move(where), asio::execution::outstanding_work.tracked)} {}
    waiting_caller(const waiting_caller&) = delete;
    waiting_caller& operator=(const waiting_caller&) = delete;
    virtual ~waiting_caller() = default;

    void begin() noexcept { push(begin_task_); }

    /// Ends the stream, from any thread; once.
    void cut() noexcept {
        if (!was_cut_.exchange(true)) {
            push(cut_task_);
        }
    }

    void ended(end_reason reason, const std::exception_ptr& failure) noexcept override {
        session_ = nullptr;
        outcome_ = {reason, failure};
        // A session that could not be started has let go of it already.
        const std::shared_ptr<waiting_caller> self = shared_from_this();
        kept_.reset();
        try {
            post_typed(where_, bind_memory(std::shared_ptr<small_handler_memory>{self, &memory_},
                                   [self] { self->complete(self->outcome_); }));
        } catch (...) {
            complete(outcome_); // an executor of somebody else's that has no memory
        }
    }

    void abandoned() noexcept override {
        session_ = nullptr;
        kept_.reset();
    }

protected:
    virtual void complete(const outcome& how) = 0;

private:
    struct step : task {
        void (waiting_caller::*does)();
        std::shared_ptr<waiting_caller> of;

        explicit step(void (waiting_caller::*action)()) noexcept : does{action} {}
        void run(shard& /*on*/) noexcept override { ((*of).*does)(); }
        void release() noexcept override { const auto last = std::move(of); }
    };

    void push(step& next) noexcept {
        next.of = shared_from_this();
        owed_drains owed;
        owed.push(shard_, next);
    }

    void start() {
        kept_ = shared_from_this();
        try {
            order what = std::move(*order_);
            order_.reset();
            const auto made = session::make(std::move(what.events), shard_,
                what.make(shard_->get_executor()), std::move(what.decided), *this);
            session_ = made.get();
            made->start();
        } catch (...) {
            ended(end_reason::write_error, std::current_exception());
        }
    }

    void cut_session() {
        if (session_ != nullptr) {
            session_->cut();
        }
    }

    std::optional<order> order_;
    const std::shared_ptr<shard> shard_;
    const asio::any_io_executor where_;
    std::atomic<bool> was_cut_{false};
    step begin_task_{&waiting_caller::start};
    step cut_task_{&waiting_caller::cut_session};
    // On the shard:
    session* session_ = nullptr;
    std::shared_ptr<waiting_caller> kept_;
    outcome outcome_{}; // NOLINT(bugprone-throw-keyword-missing): none is thrown here
    small_handler_memory memory_;
};

template <class Handler>
class caller final : public waiting_caller {
public:
    caller(order&& what, std::shared_ptr<shard> on, const asio::any_io_executor& where,
        Handler handler)
        : waiting_caller{std::move(what), std::move(on), where}, handler_{std::move(handler)} {}

private:
    void complete(const outcome& how) override {
        Handler handler = std::move(handler_);
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.clear();
        }
        std::move(handler)(how);
    }

    Handler handler_;
};

/// Begins a session on its shard, and hands the caller's cancellation on to it.
struct begin_session {
    template <class Handler>
    void operator()(Handler handler, order what, std::shared_ptr<shard> on) const {
        const asio::any_io_executor where =
            asio::get_associated_executor(handler, on->get_executor());
        auto slot = asio::get_associated_cancellation_slot(handler);
        const auto made = std::make_shared<caller<Handler>>(
            std::move(what), std::move(on), where, std::move(handler));
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr{made}](asio::cancellation_type) {
                if (const auto called = weak.lock()) {
                    called->cut();
                }
            });
        }
        made->begin();
    }
};

/// Throws what is wrong with the order, if anything is, in place of carrying it out.
asio::awaitable<end_reason> carry_out(order what, std::exception_ptr wrong) {
    if (wrong) {
        std::rethrow_exception(wrong);
    }
    if (!what.executor) {
        const asio::any_io_executor own = co_await asio::this_coro::executor;
        what.executor = single_thread_executor(own);
    }
    std::shared_ptr<shard> on = what.events->shard_of(what.executor);
    auto begun = asio::async_initiate<const asio::deferred_t&, void(outcome)>(
        begin_session{}, asio::deferred, std::move(what), std::move(on));
    const outcome ended = co_await std::move(begun);
    if (ended.failure) {
        std::rethrow_exception(ended.failure);
    }
    co_return ended.reason;
}

} // namespace

asio::awaitable<end_reason> serve(decision decided, sink_maker make,
    std::shared_ptr<manager_state> events, asio::any_io_executor executor) {
    return carry_out(
        order{std::move(decided), std::move(make), std::move(events), std::move(executor)},
        nullptr);
}

// No coroutine of its own: an idle stream would keep it.
asio::awaitable<end_reason> serve(const request_head& head, sink_maker make,
    std::shared_ptr<manager_state> events, serve_options options) {
    order what{{}, std::move(make), std::move(events)};
    std::exception_ptr wrong;
    try {
        check_options(options);
        what.decided = decide(ask_foreign(head), std::move(options), what.events->options());
    } catch (...) {
        wrong = std::current_exception();
    }
    return carry_out(std::move(what), wrong);
}

} // namespace crier::detail

namespace crier {

boost::asio::awaitable<end_reason> serve(
    sink_maker make, const request_head& request, manager& events, serve_options options) {
    return detail::serve(
        request, std::move(make), detail::manager_access::state_of(events), std::move(options));
}

} // namespace crier
