#include <crier/http/stream_writer.hpp>
#include <crier/wire/errc.hpp>

#include "async/durations.hpp"
#include "output.hpp"
#include "pubsub/heartbeat.hpp"
#include "pubsub/unthrowing.hpp"
#include "response.hpp"
#include "wire/field_text.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <stdexcept>

namespace crier {

namespace asio = boost::asio;

namespace {

std::string checked_header(detail::coding as, const response_fields& fields) {
    for (const auto& [name, value] : fields) {
        if (!detail::is_token(name) || !std::ranges::all_of(value, detail::is_value_character)) {
            throw std::invalid_argument{
                "fields: '" + std::string{name} + "' or its value cannot stand in a header"};
        }
    }
    return detail::stream_header(as, fields);
}

} // namespace

struct stream_writer::parts {
    parts(std::shared_ptr<sink> to, unsigned version, const asio::any_io_executor& executor,
        const writer_options& options)
        : as{detail::coding_of(version)},
          heartbeat{detail::heartbeat_of(options)},
          header{checked_header(as, options.fields)},
          log{detail::unthrowing(options.log ? options.log : log_to_clog)},
          timing{std::make_shared<detail::alarms>(executor)},
          out{std::move(to),
              detail::in_range(options.heartbeat_interval, writer_options{}.heartbeat_interval)} {}
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;
    ~parts() { out.close(*timing); }

    const detail::coding as;
    const frame heartbeat;
    const std::string header;
    const logger log;
    const std::shared_ptr<detail::alarms> timing;
    detail::output out;
    /// Kept until the next one: a write may still be on its way when it is given up.
    frame written;

    /// Lets go of the sink, and waits until nothing uses the stream below any more.
    asio::awaitable<void> let_go() {
        const bool throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        out.close(*timing);
        while (!out.is_idle()) {
            co_await out.woken().next();
        }
        co_await asio::this_coro::throw_if_cancelled(throws);
    }

    asio::awaitable<void> write_all(std::string_view bytes) {
        while (true) {
            const clock::time_point now = clock::now();
            bytes.remove_prefix(out.write_some(bytes, now));
            boost::system::error_code failed = out.failure(now);
            const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
            if (!failed && state.cancelled() != asio::cancellation_type::none) {
                failed = asio::error::operation_aborted;
            }
            if (failed) {
                co_await let_go();
                throw boost::system::system_error{failed};
            }
            if (bytes.empty()) {
                co_return;
            }
            if (out.due().is_blocked()) {
                out.arm(*timing);
                if (!out.woken().take()) {
                    co_await out.woken().next();
                }
            }
        }
    }
};

stream_writer::stream_writer(std::shared_ptr<sink> to, unsigned version,
    const asio::any_io_executor& executor, const writer_options& options)
    : parts_{std::make_shared<parts>(std::move(to), version, executor, options)} {}

stream_writer::~stream_writer() = default;

asio::awaitable<void> stream_writer::write_headers() {
    parts_->out.to().watch_peer();
    return parts_->write_all(parts_->header);
}

asio::awaitable<void> stream_writer::write(const event_view& event) {
    const auto made = make_frame(event);
    if (!made) {
        parts_->log(severity::warning, "event skipped: " + made.error().message());
    }
    return write(made ? *made : frame{});
}

asio::awaitable<void> stream_writer::write_heartbeat() { return write(parts_->heartbeat); }

asio::awaitable<void> stream_writer::write(frame encoded) {
    parts_->written = std::move(encoded);
    return parts_->write_all(detail::bytes_of(parts_->written, parts_->as));
}

asio::awaitable<bool> stream_writer::wait(signal& on) {
    /// A wait that is given up before it has completed.
    struct waiting {
        signal& on;
        const std::shared_ptr<std::optional<boost::system::error_code>> result;
        ~waiting() {
            if (!*result) {
                on.cancel();
            }
        }
    };
    const std::shared_ptr<parts> self = parts_;
    while (true) {
        const waiting wait{on, std::make_shared<std::optional<boost::system::error_code>>()};
        on.async_wait(
            [result = wait.result, weak = std::weak_ptr{self}](boost::system::error_code error) {
                *result = error;
                if (const auto still = weak.lock()) {
                    still->out.wake();
                }
            });
        while (!*wait.result) {
            co_await self->write_all({}); // which looks at what may have failed
            if (self->out.due().at(clock::now()) == detail::deadline::due::heartbeat) {
                co_await write_heartbeat();
            }
            self->out.arm(*self->timing);
            if (!*wait.result && !self->out.woken().take()) {
                co_await self->out.woken().next();
            }
        }
        if (**wait.result == errc::closed) {
            co_return false;
        }
        if (!**wait.result) {
            co_return true;
        }
    }
}

asio::awaitable<void> stream_writer::finish() {
    const std::shared_ptr<parts> self = parts_;
    co_await self->write_all(detail::stream_end(self->as));
    co_await self->let_go();
}

} // namespace crier
