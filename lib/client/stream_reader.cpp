#include "stream_reader.hpp"

#include <crier/async/clock.hpp>
#include <crier/wire/errc.hpp>

#include "callback.hpp"
#include "sendable_id.hpp"
#include "silence_watch.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using std::chrono::milliseconds;

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

/// Of a stream, which may be quiet: one that has been open for long is no failure when it ends.
struct life {
    backoff& waits;
    const clock::duration longest_wait;
    const clock::time_point begin = clock::now();

    ~life() {
        if (clock::now() - begin >= longest_wait) {
            waits.reset();
        }
    }
};

ending closed() { return {asio::error::operation_aborted, "closed"}; }

std::string over_limit(const error_code& error, std::size_t limit) {
    const char* what = error == errc::line_too_long ? "a line" : "an event";
    return what + (" of the stream is over the limit of " + std::to_string(limit)) + " bytes";
}

} // namespace

stream_reader::stream_reader(
    std::shared_ptr<source_state> source, std::string_view url, event_source_options options)
    : source_{std::move(source)},
      options_{std::move(options)},
      opener_{url, options_, [this](const response_info& head) { tell(head); }},
      parser_{options_of_parser()},
      backoff_{options_.max_backoff, random_of(options_)} {
    parser_.set_last_event_id(options_.last_event_id);
}

parser_options stream_reader::options_of_parser() {
    parser_options made;
    made.limit = options_.event_limit;
    if (options_.on_comment) {
        made.on_comment = [this](std::string_view text) {
            if (source_->state() == ready_state::open) {
                call(options_.on_comment, text);
            }
        };
    }
    return made;
}

flow<void> stream_reader::run(std::unique_ptr<stream_reader> self) {
    struct last_word {
        source_state& of;
        ~last_word() { of.leave(); }
    };
    source_state& source = *self->source_;
    const last_word owed{source};
    try {
        co_await self->connect_until_closed();
    } catch (const callback_failure& failure) {
        source.finish(failure.thrown, "a callback has thrown");
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the last word says so
    } catch (...) {
        source.finish(std::current_exception(), "an error of the program");
    }
}

flow<void> stream_reader::connect_until_closed() {
    while (source_->state() != ready_state::closed) {
        source_->begin_attempt();
        const ending why = co_await attempt();
        co_await asio::this_coro::reset_cancellation_state();
        if (gives_up_after(why) && !source_->reconnects_at_once()) {
            source_->finish(why);
        }
        co_await wait_after(why);
        co_await asio::this_coro::reset_cancellation_state();
    }
}

/// Where nobody has said so, what was asked for is asked for again only where that changes nothing.
bool stream_reader::gives_up_after(const ending& why) const {
    const bool is_repeatable = is_safe(options_.method) || !opener_.has_asked();
    return why.for_good() || !options_.reconnect.value_or(is_repeatable);
}

flow<ending> stream_reader::attempt() {
    try {
        const std::string_view id = id_to_send();
        if (source_->state() == ready_state::closed) {
            co_return closed();
        }
        opened_stream stream = co_await opener_.open(id);
        co_return co_await read(std::move(stream));
    } catch (const failure& error) {
        co_return error.why;
    } catch (const system_error& error) {
        co_return ending{error.code(), error.code().message()};
    }
}

/// What no server takes is not sent, and told once.
std::string_view stream_reader::id_to_send() {
    const std::string& id = source_->last_event_id();
    const std::string why = why_unsendable(id, options_.last_event_id_limit);
    if (why.empty()) {
        return id;
    }
    if (id != unsendable_id_) {
        unsendable_id_ = id;
        source_->change(
            {.kind = change_kind::id_not_sent, .reason = errc::unsendable_id, .message = why});
    }
    return {};
}

/// No callback is called any more once the source is closed.
void stream_reader::tell(const response_info& head) const {
    if (options_.on_response && source_->state() != ready_state::closed) {
        call(options_.on_response, head);
    }
}

flow<ending> stream_reader::read(opened_stream stream) {
    if (source_->state() == ready_state::closed) {
        co_return closed();
    }
    parser_.restart();
    source_->change({.kind = change_kind::opened,
        .state = ready_state::open,
        .url = stream.response->url,
        .response = stream.response});
    const life lived{backoff_, options_.max_backoff};
    while (true) {
        silence_watch watch{*source_, options_};
        const std::string_view bytes = co_await stream.from->read(options_.idle_timeout);
        if (bytes.empty()) {
            co_return ending{errc::stream_ended, "the stream has ended"};
        }
        watch.heard();
        if (source_->state() != ready_state::open) {
            co_return closed();
        }
        if (options_.on_bytes) {
            call(options_.on_bytes, bytes);
        }
        if (const error_code error = co_await read_events(bytes)) {
            co_return ending{error, over_limit(error, options_.event_limit), change_kind::failed};
        }
    }
}

/// Whoever is told of an event, a comment or a state may end all this: it goes on only while open.
flow<error_code> stream_reader::read_events(std::string_view bytes) {
    receive_queue& queue = *source_->queue();
    while (source_->state() == ready_state::open) {
        const auto found = parser_.next(bytes);
        if (!found) {
            co_return found.error();
        }
        const std::optional<event_view>& next = *found;
        if (!next) {
            queue.set_last_event_id(parser_.last_event_id()); // it may come without an event
            break;
        }
        queue.add(*next);
        backoff_.reset();
        queue.wake();
        while (queue.is_full()) {
            co_await wait_for(queue.taken());
        }
    }
    co_return error_code{};
}

flow<void> stream_reader::wait_after(const ending& why) {
    if (source_->state() == ready_state::closed) {
        co_return;
    }
    state_change change;
    if (!source_->reconnects_at_once()) {
        change.reason = why.reason;
        change.message = why.message;
        change.response = why.response;
        change.delay = backoff_.next(reconnection_time(), why.retry_after);
    }
    source_->change(change);
    if (source_->reconnects_at_once() || source_->state() == ready_state::closed) {
        co_return;
    }
    timer wait{source_->get_executor(), change.delay};
    error_code cut_short;
    co_await wait.async_wait(asio::redirect_error(use_flow, cut_short));
}

/// A stream may ask for no wait at all, but not to be connected to as fast as can be, and for a
/// long one, but not for ever.
milliseconds stream_reader::reconnection_time() const {
    constexpr milliseconds least{10};
    constexpr milliseconds most{std::numeric_limits<std::int32_t>::max()};
    const std::optional<milliseconds> asked_for = parser_.retry();
    return asked_for ? std::clamp(*asked_for, least, most) : options_.reconnection_time;
}

} // namespace crier::detail
