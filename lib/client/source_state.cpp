#include "source_state.hpp"

#include <crier/async/clock.hpp>
#include <crier/wire/errc.hpp>

#include "async/executors.hpp"
#include "failure.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <random>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using std::chrono::milliseconds;

/// Unlike a bound `detached` it has no executor of its own, for which Asio would hand on each
/// cancellation by an allocated handler with a pointer into the signal.
struct end_of_run {
    using cancellation_slot_type = asio::cancellation_slot;

    cancellation_slot_type slot;
    std::shared_ptr<const void> keeps; ///< the signal: Asio clears its slot after the flow is gone

    cancellation_slot_type get_cancellation_slot() const noexcept { return slot; }
    void operator()(const std::exception_ptr& /*told already*/) const noexcept {}
};

/// What the caller's own code has thrown, which is no matter of the connection.
struct callback_failure {
    std::exception_ptr thrown;
};

template <class Callback, class... Arguments>
auto call(const Callback& callback, const Arguments&... arguments) {
    try {
        return callback(arguments...);
    } catch (...) {
        throw callback_failure{std::current_exception()};
    }
}

double random_fraction() {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution{}(generator);
}

std::function<double()> random_of(const event_source_options& options) {
    if (!options.random) {
        return random_fraction;
    }
    return [random = options.random] { return call(random); };
}

std::string over_limit(const error_code& error, std::size_t limit) {
    const char* what = error == errc::line_too_long ? "a line" : "an event";
    return what + (" of the stream is over the limit of " + std::to_string(limit)) + " bytes";
}

/// What led to the end of the redirects.
std::string in_words(const response_head& head) {
    return std::to_string(head.status) + ' ' + head.reason +
           (head.location.empty() ? " without a Location" : " to " + head.location);
}

} // namespace

source_state::source_state(
    const asio::any_io_executor& executor, http_url url, event_source_options options)
    : options_{std::move(options)},
      observe_{std::make_shared<const std::function<void(const state_change&)>>(
          std::move(options_.on_state_change))},
      request_{std::move(url), options_},
      parser_{options_of_parser()},
      backoff_{options_.max_backoff, random_of(options_)},
      closed_{std::make_exception_ptr(system_error{asio::error::operation_aborted, "closed"})},
      out_of_memory_{std::make_exception_ptr(std::bad_alloc{})},
      queue_{executor, options_.queue_events, options_.queue_bytes} {
    parser_.set_last_event_id(options_.last_event_id);
    tls_for(request_.url());
}

parser_options source_state::options_of_parser() {
    parser_options made;
    made.limit = options_.event_limit;
    if (options_.on_comment) {
        made.on_comment = [this](std::string_view text) {
            if (state_ == ready_state::open) {
                call(options_.on_comment, text);
            }
        };
    }
    return made;
}

void source_state::start() {
    end_of_run handler{cancellation_.slot(), shared_from_this()};
    asio::co_spawn(flow_executor{get_executor()}, run(shared_from_this()), std::move(handler));
}

void source_state::close() noexcept {
    if (state_ != ready_state::closed) {
        finish(closed_, asio::error::operation_aborted, "closed");
        queue_.abandon();
        cancel_on_executor();
    }
}

/// Once in a life, so that there is memory for it.
void source_state::cancel_on_executor() noexcept {
    const auto self = shared_from_this();
    if (runs_here(get_executor())) {
        cancellation_.emit(asio::cancellation_type::terminal);
        return;
    }
    try {
        post_typed(get_executor(),
            bind_memory(std::shared_ptr<small_handler_memory>{self, &memory_},
                [self] { self->cancellation_.emit(asio::cancellation_type::terminal); }));
    } catch (...) {
        // An executor of somebody else's that has no memory: nothing of it runs meanwhile.
        cancellation_.emit(asio::cancellation_type::terminal);
    }
}

void source_state::reconnect() {
    asio::dispatch(get_executor(), [self = shared_from_this()] {
        if (self->state_ != ready_state::closed) {
            self->at_once_ = true;
            self->cancellation_.emit(asio::cancellation_type::terminal);
        }
    });
}

asio::awaitable<event> source_state::receive(std::shared_ptr<source_state> from) {
    co_return co_await from->queue_.receive();
}

flow<void> source_state::run(std::shared_ptr<source_state> self) {
    struct last_word {
        source_state& of;
        ~last_word() { of.leave(); }
    };
    const last_word owed{*self};
    try {
        while (self->state_ != ready_state::closed) {
            self->at_once_ = false;
            const ending why = co_await self->attempt();
            co_await asio::this_coro::reset_cancellation_state();
            const bool over = why.for_good || !self->options_.reconnect;
            if (over && !self->at_once_ && self->state_ != ready_state::closed) {
                self->finish(why);
            }
            co_await self->wait_after(why);
            co_await asio::this_coro::reset_cancellation_state();
        }
    } catch (const callback_failure& failure) {
        self->finish(failure.thrown, {}, "a callback has thrown");
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the last word says so
    } catch (...) {
        self->finish(std::current_exception(), {}, "an error of the program");
    }
}

/// The coroutine is over, or was destroyed: Asio does so where a wait finds no memory to begin.
void source_state::leave() noexcept {
    if (state_ != ready_state::closed) {
        const error_code reason = asio::error::no_memory;
        finish(out_of_memory_, reason, "out of memory");
    }
    try {
        queue_.wake();
    } catch (...) { // NOLINT(bugprone-empty-catch): the receiver's own failure, who was told
    }
}

flow<source_state::ending> source_state::attempt() {
    try {
        co_return co_await connect_and_read();
    } catch (const failure& error) {
        co_return ending{error.code(), error.words};
    } catch (const system_error& error) {
        co_return ending{error.code(), error.code().message()};
    }
}

flow<source_state::ending> source_state::connect_and_read() {
    request asked = request_;
    while (true) {
        const std::shared_ptr<asio::ssl::context> tls = tls_for(asked.url());
        const auto made = co_await connection::open(asked.url(), options_, tls);
        const response_head head =
            co_await made->ask(asked.text(parser_.last_event_id()), options_.header_timeout);
        const verdict got = judge(head, options_.retry_server_errors);
        switch (got.is) {
        case verdict::meaning::stream: co_return co_await read_stream(*made, asked.url());
        case verdict::meaning::redirect:
            if (const error_code error = asked.follow(head)) {
                co_return ending{error, error.message() + ": " + in_words(head), true};
            }
            break;
        case verdict::meaning::retry:
            co_return ending{got.error, got.message, false,
                parse_retry_after(head.retry_after, std::chrono::system_clock::now())};
        case verdict::meaning::end: co_return ending{got.error, got.message, true};
        }
    }
}

flow<source_state::ending> source_state::read_stream(connection& from, const http_url& url) {
    if (state_ == ready_state::closed) {
        co_return ending{asio::error::operation_aborted, "closed"};
    }
    parser_.restart();
    state_ = ready_state::open;
    announce({.state = state_, .url = url.text()});
    while (true) {
        const std::string_view bytes = co_await from.read(options_.idle_timeout);
        if (state_ != ready_state::open) {
            co_return ending{asio::error::operation_aborted, "closed"};
        }
        if (bytes.empty()) {
            co_return ending{errc::stream_ended, "the stream has ended"};
        }
        backoff_.reset();
        if (options_.on_bytes) {
            call(options_.on_bytes, bytes);
        }
        if (const error_code error = co_await read_events(bytes)) {
            co_return ending{error, over_limit(error, options_.event_limit), true};
        }
    }
}

/// Whoever is told of an event, a comment or a state may end all this: it goes on only while open.
flow<error_code> source_state::read_events(std::string_view bytes) {
    while (state_ == ready_state::open) {
        id_before_ = parser_.last_event_id();
        const auto found = parser_.next(bytes);
        if (!found) {
            co_return found.error();
        }
        const std::optional<event_view>& next = *found;
        if (!next) {
            break;
        }
        add(*next);
        queue_.wake();
        co_await queue_.wait_for_room();
    }
    co_return error_code{};
}

/// What could not be queued must come again.
void source_state::add(const event_view& next) {
    try {
        queue_.add(next);
    } catch (...) {
        parser_.set_last_event_id(std::move(id_before_));
        throw;
    }
}

flow<void> source_state::wait_after(const ending& why) {
    if (state_ == ready_state::closed) {
        co_return;
    }
    state_change change;
    if (!at_once_) {
        change.reason = why.reason;
        change.message = why.message;
        change.delay = backoff_.next(reconnection_time(), why.retry_after);
    }
    state_ = ready_state::connecting;
    announce(change);
    if (at_once_ || state_ == ready_state::closed) {
        co_return;
    }
    timer wait{get_executor(), change.delay};
    error_code cut_short;
    co_await wait.async_wait(asio::redirect_error(use_flow, cut_short));
}

/// A stream may ask for no wait at all, but not to be connected to as fast as can be, and for a
/// long one, but not for ever.
milliseconds source_state::reconnection_time() const {
    constexpr milliseconds least{10};
    constexpr milliseconds most{std::numeric_limits<std::int32_t>::max()};
    const std::optional<milliseconds> asked_for = parser_.retry();
    return asked_for ? std::clamp(*asked_for, least, most) : options_.reconnection_time;
}

void source_state::finish(const ending& why) {
    finish(std::make_exception_ptr(system_error{why.reason, why.message}), why.reason, why.message);
}

void source_state::finish(
    std::exception_ptr why, error_code reason, std::string_view message) noexcept {
    state_ = ready_state::closed;
    queue_.end(std::move(why));
    state_change change;
    change.state = state_;
    change.reason = reason;
    try {
        change.message = message;
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the reason has to do
    }
    try {
        announce(change);
    } catch (const callback_failure& failure) {
        queue_.end(failure.thrown);
    }
}

void source_state::announce(const state_change& change) const {
    // A copy: the callback may have itself forgotten.
    const auto observe = observe_;
    if (observe && *observe) {
        call(*observe, change);
    }
}

std::shared_ptr<asio::ssl::context> source_state::tls_for(const http_url& url) {
    if (url.secure && !tls_) {
        tls_ = make_tls_context(options_.tls);
    }
    return tls_;
}

} // namespace crier::detail
