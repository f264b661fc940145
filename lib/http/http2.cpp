#include "http2.hpp"

#include <crier/http/make_sink.hpp>

#include "async/durations.hpp"
#include "async/local_signal.hpp"
#include "async/spawn.hpp"
#include "handling.hpp"
#include "http2_connection.hpp"
#include "http2_responder.hpp"
#include "operation_memory.hpp"
#include "pubsub/log_failure.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <stdexcept>
#include <stop_token>
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
    connection_stream& connection, connection_context& context) {
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
    running_requests(connection_stream& connection, connection_context& context) noexcept
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
        error_code ignored;
        connection_.cancel(ignored);
        ended_.set();
    }

    void cancel_all() {
        for (auto next = all_.begin(); next != all_.end();) {
            (next++)->cancellation.emit(asio::cancellation_type::terminal);
        }
    }

    bool empty() const noexcept { return all_.empty(); }
    local_signal& ended() noexcept { return ended_; }

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

    connection_stream& connection_;
    connection_context& context_;
    boost::intrusive::list<running, boost::intrusive::constant_time_size<false>> all_;
    local_signal ended_;
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

/// Reads what has come, once something has.
asio::awaitable<error_code> read_on(connection_stream& from, http2_connection& to) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    operation_memory<384> memory;
    while (!to.is_over()) {
        thread_local std::array<char, 16'384> room;
        error_code error;
        const std::size_t size = from.read_some(asio::buffer(room), error);
        if (!error) {
            to.receive({room.data(), size});
            // Others have their turn, though a client sends without end.
            co_await asio::post(from.get_executor(), asio::use_awaitable);
        } else if (error == asio::error::would_block) {
            const stream_socket::wait_type what =
                from.channel() == nullptr ? stream_socket::wait_read : awaited_by(*from.channel());
            error = {};
            co_await from.async_wait(what, memory.token(error, state.slot()));
        }
        if (error) {
            co_return error;
        }
    }
    co_return error_code{};
}

} // namespace

asio::awaitable<void> run_http2(
    connection_stream& stream, connection_context& context, std::string received) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    running_requests requests{stream, context};
    const auto connection = std::make_shared<http2_connection>(stream.get_executor(),
        make_sink(stream, stream.get_executor()), context.timing, context.options, requests);
    const closed_at_end until_the_end{connection};
    connection->start();
    if (!received.empty()) {
        connection->receive(received);
        received = {};
    }
    {
        const std::stop_callback at_shutdown{
            context.shutdown, [&connection] { connection->drain(); }};
        asio::awaitable<error_code> reading = read_on(stream, *connection);
        const error_code ended = co_await std::move(reading);
        connection->close(ended ? ended : make_error_code(asio::error::eof));
    }
    while (!requests.empty()) {
        if (state.cancelled() != asio::cancellation_type::none) {
            requests.cancel_all();
        }
        if (!requests.ended().take()) {
            co_await requests.ended().next();
        }
    }
    stream.shut_down();
}

} // namespace detail
} // namespace crier
