#include "serve.hpp"

#include <crier/async/single_thread.hpp>
#include <crier/http/serve.hpp>

#include "session.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

/// As a value: in Boost 1.81 an exception beside one does not compile for a deferred operation.
struct outcome {
    end_reason reason;
    std::exception_ptr failure;
};

/// On the executor of the session, from where it can be reached until it ends.
struct reachable {
    asio::any_io_executor home;
    std::weak_ptr<session> begun;
};

/// A caller that waits for its session's end, on an executor of its own. It alone keeps the way to
/// the session, which is to go with the session's context.
template <class Handler>
class caller final : public session_end {
public:
    caller(Handler handler, std::shared_ptr<reachable> to)
        : handler_{std::move(handler)},
          to_{std::move(to)},
          executor_{asio::prefer(asio::get_associated_executor(handler_, to_->home),
              asio::execution::outstanding_work.tracked)} {}

    void operator()(end_reason reason, std::exception_ptr failure) override {
        const auto executor = std::move(executor_);
        asio::post(executor, [handler = std::move(handler_), reason, failure]() mutable {
            if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
                slot.clear();
            }
            std::move(handler)(outcome{reason, failure});
        });
    }

private:
    Handler handler_;
    const std::shared_ptr<reachable> to_;
    asio::any_io_executor executor_;
};

/// What a session is begun with.
struct order {
    decision decided;
    sink_maker make;
    std::shared_ptr<core> events;
    asio::any_io_executor home;
};

void begin(order what, std::unique_ptr<session_end> then, reachable& from) {
    std::shared_ptr<session> made;
    try {
        made = std::make_shared<session>(
            what.events, what.events->home_of(what.home), what.make(what.home), what.decided.as);
    } catch (...) {
        (*then)(end_reason::write_error, std::current_exception());
        return;
    }
    from.begun = made;
    made->begin(std::move(what.decided), std::move(then));
}

/// Begins a session on its executor, and hands the caller's cancellation on to it.
struct initiation {
    template <class Handler>
    void operator()(Handler handler, order what) const {
        const auto from = std::make_shared<reachable>();
        from->home = what.home;
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.assign([weak = std::weak_ptr{from}](asio::cancellation_type) {
                if (const auto to = weak.lock()) {
                    asio::post(to->home, [to] {
                        if (const auto begun = to->begun.lock()) {
                            begun->cut();
                        }
                    });
                }
            });
        }
        const asio::any_io_executor home = what.home;
        auto then = std::make_unique<caller<Handler>>(std::move(handler), from);
        asio::dispatch(home, [what = std::move(what), then = std::move(then), from]() mutable {
            begin(std::move(what), std::move(then), *from);
        });
    }
};

/// Throws what is wrong with the order, if anything is, in place of carrying it out.
asio::awaitable<end_reason> run(order what, std::exception_ptr wrong) {
    if (wrong) {
        std::rethrow_exception(wrong);
    }
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    what.home = single_thread_executor(executor);
    if (!what.home) {
        what.home = what.events->get_executor();
    }
    auto begun = asio::async_initiate<const asio::deferred_t&, void(outcome)>(
        initiation{}, asio::deferred, std::move(what));
    const outcome ended = co_await std::move(begun);
    if (ended.failure) {
        std::rethrow_exception(ended.failure);
    }
    co_return ended.reason;
}

} // namespace

asio::awaitable<end_reason> serve(decision decided, sink_maker make, std::shared_ptr<core> events) {
    return run(order{std::move(decided), std::move(make), std::move(events), {}}, nullptr);
}

// No coroutine of its own: an idle stream would keep it.
asio::awaitable<end_reason> serve(const request_head& head, sink_maker make,
    std::shared_ptr<core> events, serve_options options) {
    order what{{}, std::move(make), std::move(events), {}};
    std::exception_ptr wrong;
    try {
        check_options(options);
        what.decided =
            decide(ask_foreign(head), std::move(options), what.events->options().topics_limit);
    } catch (...) {
        wrong = std::current_exception();
    }
    return run(std::move(what), wrong);
}

} // namespace crier::detail
