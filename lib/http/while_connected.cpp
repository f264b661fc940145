#include "while_connected.hpp"

#include <crier/wire/errc.hpp>

#include "async/side_flow.hpp"
#include "async/unthrown.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Sets a signal at a cancellation, until its end.
class cancellation_watch {
public:
    cancellation_watch(asio::cancellation_state of, signal& told) : of_{of} {
        if (of_.slot().is_connected()) {
            of_.slot().assign([&told](asio::cancellation_type /*type*/) { told.set_later(); });
        }
    }
    cancellation_watch(const cancellation_watch&) = delete;
    cancellation_watch& operator=(const cancellation_watch&) = delete;
    ~cancellation_watch() {
        if (of_.slot().is_connected()) {
            of_.slot().clear();
        }
    }

    bool is_cancelled() const noexcept { return of_.cancelled() != asio::cancellation_type::none; }

private:
    const asio::cancellation_state of_;
};

/// Why the work was not let to its end, if so.
asio::awaitable<error_code> run_until_left(
    responder& of, side_flow& flow, asio::awaitable<void> work) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const std::unique_ptr<departure_watch> watch = of.watch_client(flow.woken());
    const cancellation_watch cancellation{state, flow.woken()};
    flow.start(std::move(work));
    bool goes_on = true;
    while (!flow.has_ended()) {
        if (goes_on && (watch->has_left() || cancellation.is_cancelled())) {
            goes_on = false;
            flow.cancel();
        } else {
            co_await flow.wait();
        }
    }
    error_code why;
    if (watch->has_left()) {
        why = errc::client_left;
    } else if (!goes_on) {
        why = asio::error::operation_aborted;
    }
    co_return why;
}

} // namespace

asio::awaitable<void> run_while_connected(responder& of, asio::awaitable<void> work) {
    side_flow flow{co_await asio::this_coro::executor};
    asio::awaitable<error_code> running = run_until_left(of, flow, std::move(work));
    const error_code why = co_await unthrown(std::move(running));
    if (why) {
        throw boost::system::system_error{why};
    }
    flow.rethrow();
}

} // namespace crier::detail
