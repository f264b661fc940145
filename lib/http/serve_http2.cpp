#include <crier/async/signal.hpp>
#include <crier/http/serve_http2.hpp>

#include "detached_streams.hpp"
#include "http2.hpp"
#include "request_context.hpp"
#include "shared_strand.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// What is requested on any thread, handed on to a connection's executor.
class shutdown_relay {
public:
    shutdown_relay(const asio::any_io_executor& executor, const std::stop_token& shutdown)
        : told_{executor}, at_request_{shutdown, told{told_}} {
        told_.async_wait([request = source_](error_code error) mutable {
            if (!error) {
                request.request_stop();
            }
        });
    }

    std::stop_token get_token() const noexcept { return source_.get_token(); }

private:
    struct told {
        signal& whom;
        void operator()() const noexcept { whom.set_later(); }
    };

    const std::stop_source source_;
    signal told_;
    const std::stop_callback<told> at_request_;
};

/// Names, for the coroutine, what the connection refers to.
struct served {
    const server::handler handle;
    const server_options options;
    const std::stop_token shutdown;
};

asio::awaitable<void> run(transport_maker make, served given) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    signal one_ended{executor};
    detached_streams streams{executor, given.options.log, [&one_ended] { one_ended.set_later(); }};
    constexpr static clock::time_point no_end = clock::time_point::max();
    const auto timing = std::make_shared<alarms>(executor);
    const shutdown_relay ending{executor, given.shutdown};
    request_context context{
        given.options, given.handle, streams, timing, ending.get_token(), no_end};
    const std::unique_ptr<http2_transport> on = make(executor);
    asio::awaitable<void> running = run_http2(*on, context, {});
    co_await std::move(running);
    while (!streams.empty()) {
        error_code ignored;
        co_await one_ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

} // namespace

asio::awaitable<void> serve_http2(transport_maker make, server::handler handle,
    server_options options, std::stop_token shutdown) {
    if (!options.http2) {
        options.http2.emplace();
    }
    check_request_options(options);
    const asio::any_io_executor own = co_await asio::this_coro::executor;
    served given{std::move(handle), std::move(options), std::move(shutdown)};
    asio::awaitable<void> running = run(std::move(make), std::move(given));
    auto on_strand =
        asio::co_spawn(shared_strand::of(own), std::move(running), asio::use_awaitable);
    co_await std::move(on_strand);
}

} // namespace crier::detail
