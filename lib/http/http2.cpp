#include "http2.hpp"

#include <crier/async/signal.hpp>

#include "async/durations.hpp"
#include "async/spawn.hpp"
#include "async/time_limit.hpp"
#include "handling.hpp"
#include "http2_connection.hpp"
#include "http2_responder.hpp"
#include "pubsub/log_failure.hpp"
#include "sink_wait.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string_view>
#include <utility>

namespace crier {

std::optional<http2_options> http2_if_built() noexcept { return http2_options{}; }

namespace detail {

namespace asio = boost::asio;
using boost::system::error_code;

void check_http2(http2_options& options) {
    if (options.streams == 0) {
        throw std::invalid_argument{"http2: streams is 0; a connection needs one or more"};
    }
    options.ping_interval = in_range(options.ping_interval, http2_options{}.ping_interval);
}

namespace {

asio::awaitable<void> answer(std::shared_ptr<http2_stream> on, http2_requests::request asked,
    http2_transport& connection, request_context& context) {
    http2_responder to{std::move(on), connection};
    if (auto* const refused = std::get_if<refused_request>(&asked)) {
        co_await send_refusal(to, *refused, context.options);
        co_return;
    }
    auto& request = std::get<std::unique_ptr<received>>(asked);
    asio::awaitable<bool> handling = handle_request(to, std::move(request), context);
    co_await std::move(handling);
}

/// The handlers of a connection's requests, and what its coroutine waits for.
class running_requests final : public http2_requests {
public:
    running_requests(http2_transport& connection, request_context& context)
        : connection_{connection}, context_{context} {}

    void begin(std::shared_ptr<http2_stream> on, request asked) noexcept override {
        try {
            auto one = std::make_shared<running>(*this);
            prime(connection_.get_executor());
            const asio::cancellation_slot slot = one->cancellation.slot();
            asio::co_spawn(connection_.get_executor(),
                answer(on, std::move(asked), connection_, context_),
                asio::bind_cancellation_slot(
                    slot, [one = std::move(one), log = context_.options.log](
                              const std::exception_ptr& failure) {
                        log_unless_gone(log, "a request failed: ", failure);
                    }));
        } catch (...) {
            log_failure(context_.options.log, "a request failed: ", std::current_exception());
            on->cancel();
        }
    }

    void changed(bool is_idle) noexcept override { context_.idle = is_idle; }

    void is_over() noexcept override {
        connection_.cancel();
        ended_.set();
    }

    void cancel_all() {
        for (auto next = all_.begin(); next != all_.end();) {
            (next++)->cancellation.emit(asio::cancellation_type::terminal);
        }
    }

    bool empty() const noexcept { return all_.empty(); }

    /// Until one has ended, or at a cancellation.
    asio::awaitable<void> next_end() {
        error_code ignored;
        co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

private:
    struct running : boost::intrusive::list_base_hook<
                         boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        explicit running(running_requests& in) : of{in} { of.all_.push_back(*this); }
        running(const running&) = delete;
        running& operator=(const running&) = delete;
        /// Where the context has gone, all that it is one of may have gone before.
        ~running() {
            if (is_linked()) {
                unlink();
                of.ended_.set();
            }
        }

        running_requests& of;
        asio::cancellation_signal cancellation;
    };

    http2_transport& connection_;
    request_context& context_;
    boost::intrusive::list<running, boost::intrusive::constant_time_size<false>> all_;
    signal ended_{connection_.get_executor()};
};

/// A connection that is closed with the coroutine, though that is destroyed with its context.
class closed_at_end {
public:
    explicit closed_at_end(std::shared_ptr<http2_connection> of) noexcept : of_{std::move(of)} {}
    closed_at_end(const closed_at_end&) = delete;
    closed_at_end& operator=(const closed_at_end&) = delete;
    ~closed_at_end() { of_->close(asio::error::operation_aborted); }

private:
    const std::shared_ptr<http2_connection> of_;
};

/// Reads until either side has ended the connection.
asio::awaitable<error_code> read_on(http2_transport& from, http2_connection& to) {
    error_code error;
    while (!error && !to.is_over()) {
        asio::awaitable<std::string_view> reading = from.read(error);
        const std::string_view bytes = co_await std::move(reading);
        if (!error) {
            to.receive(bytes);
            // Others have their turn, though a client sends without end.
            co_await asio::post(from.get_executor(), asio::use_awaitable);
        }
    }
    co_return error;
}

/// Reads and drops what the client still sends, such as windows, until it has taken all and closes.
/// If some of it were left unread, the system would reset the connection, and what the client has
/// not taken yet would be lost.
asio::awaitable<void> let_client_take_all(http2_transport& from) {
    constexpr std::size_t most = 1'048'576;
    constexpr std::chrono::seconds longest{5};
    const time_limit limit{from, longest};
    error_code error;
    std::size_t taken = 0;
    while (!error && taken < most && !limit.expired()) {
        asio::awaitable<std::string_view> reading = from.read(error);
        const std::string_view bytes = co_await std::move(reading);
        taken += bytes.size();
    }
}

} // namespace

asio::awaitable<void> run_http2(
    http2_transport& on, request_context& context, std::string received) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    running_requests requests{on, context};
    const std::shared_ptr<sink> to = on.make_sink();
    const auto connection = std::make_shared<http2_connection>(
        on.get_executor(), to, context.timing, context.options, requests);
    const closed_at_end until_the_end{connection};
    connection->start();
    if (!received.empty()) {
        connection->receive(received);
        received = {};
    }
    {
        const std::stop_callback at_shutdown{
            context.shutdown, [&connection, &context] { connection->drain(context.shutdown_by); }};
        asio::awaitable<error_code> reading = read_on(on, *connection);
        const error_code ended = co_await std::move(reading);
        connection->close(ended ? ended : make_error_code(asio::error::eof));
    }
    while (!requests.empty()) {
        if (state.cancelled() != asio::cancellation_type::none) {
            requests.cancel_all();
        }
        asio::awaitable<void> waiting = requests.next_end();
        co_await std::move(waiting);
    }
    sink_wait last{to, on.get_executor()};
    while (!to->idle()) {
        asio::awaitable<void> waiting = last.next();
        co_await std::move(waiting);
    }
    on.shut_down();
    if (connection->has_drained() && state.cancelled() == asio::cancellation_type::none) {
        context.idle = true;
        asio::awaitable<void> reading = let_client_take_all(on);
        co_await std::move(reading);
    }
}

} // namespace detail
} // namespace crier
