#include <crier/http/stream_writer.hpp>
#include <crier/wire/errc.hpp>

#include "async/context_members.hpp"
#include "async/durations.hpp"
#include "async/side_flow.hpp"
#include "async/unthrown.hpp"
#include "output.hpp"
#include "pubsub/heartbeat.hpp"
#include "pubsub/unthrowing.hpp"
#include "response.hpp"
#include "wire/json_text.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/intrusive/list_hook.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace crier {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::string checked_header(detail::coding as, const response_fields& fields) {
    detail::check_fields(fields);
    return detail::stream_header(as, fields);
}

/// A wait for a signal, which ends with this. It calls `wake` when it has a result.
template <class Wake>
class signal_wait {
public:
    signal_wait(signal& on, const Wake& wake) {
        on.async_wait(asio::bind_cancellation_slot(
            shared_->cancellation.slot(), [shared = shared_, wake](error_code error) {
                shared->result = error;
                wake();
            }));
    }
    signal_wait(const signal_wait&) = delete;
    signal_wait& operator=(const signal_wait&) = delete;
    ~signal_wait() {
        if (!shared_->result) {
            shared_->cancellation.emit(asio::cancellation_type::terminal);
        }
    }

    const std::optional<error_code>& result() const noexcept { return shared_->result; }

private:
    struct shared {
        std::optional<error_code> result;
        asio::cancellation_signal cancellation;
    };

    const std::shared_ptr<shared> shared_ = std::make_shared<shared>();
};

/// Sets a flag for as long as it is there.
class in_use {
public:
    explicit in_use(bool& flag) noexcept : flag_{flag} { flag_ = true; }
    in_use(const in_use&) = delete;
    in_use& operator=(const in_use&) = delete;
    ~in_use() { flag_ = false; }

private:
    bool& flag_;
};

} // namespace

struct stream_writer::parts : std::enable_shared_from_this<parts>,
                              boost::intrusive::list_base_hook<> {
    using context_hook = boost::intrusive::list_base_hook<>;

    parts(std::shared_ptr<sink> to, unsigned version, const asio::any_io_executor& executor,
        const writer_options& options, std::string instead)
        : as{detail::coding_of(version)},
          heartbeat{detail::heartbeat_of(options)},
          begins_stream{instead.empty()},
          header{begins_stream ? checked_header(as, options.fields) : std::move(instead)},
          log{detail::unthrowing(options.log ? options.log : log_to_clog)},
          timing{std::make_shared<detail::alarms>(executor)},
          out{std::move(to),
              detail::in_range(options.heartbeat_interval, writer_options{}.heartbeat_interval),
              options.send_buffer},
          all{&detail::context_members<parts>::of(executor)} {
        all->add(*this);
    }
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;
    ~parts() {
        if (all != nullptr) {
            all->remove(*this);
        }
        out.close(*timing);
    }

    /// A coroutine that waits here owns this: who waits is destroyed, and may take this along.
    void context_gone() noexcept {
        all = nullptr;
        out.disarm(*timing);
        out.woken().drop();
    }

    const detail::coding as;
    const frame heartbeat;
    const bool begins_stream;
    const std::string header; ///< or the response in place of a stream
    const logger log;
    const std::shared_ptr<detail::alarms> timing;
    detail::output out;
    detail::context_members<parts>* all; ///< none once the context has gone
    /// Kept until the next one: a write may still be on its way when it is given up.
    frame written;
    bool is_in_use = false;
    /// Why no more can be written, if so. Nothing uses the stream below any more then.
    error_code ended;

    /// Runs a step, unless another one is pending.
    asio::awaitable<error_code> alone(asio::awaitable<error_code> step) {
        if (is_in_use) {
            co_return errc::already_waiting;
        }
        const in_use until_its_end{is_in_use};
        co_return co_await std::move(step);
    }

    /// Lets go of the sink, and waits until nothing uses the stream below any more.
    asio::awaitable<void> let_go() {
        out.close(*timing);
        while (!out.is_idle()) {
            co_await out.woken().next();
        }
    }

    /// Returns why not all was written, if so.
    asio::awaitable<error_code> try_write(std::string_view bytes) {
        while (!ended) {
            const clock::time_point now = clock::now();
            if (!bytes.empty()) {
                bytes.remove_prefix(out.write_some(bytes, now));
            }
            ended = out.failure(now);
            const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
            if (!ended && state.cancelled() != asio::cancellation_type::none) {
                ended = asio::error::operation_aborted;
            }
            if (ended) {
                co_await let_go();
                break;
            }
            if (bytes.empty()) {
                break;
            }
            if (out.due().is_blocked()) {
                out.arm(*timing);
                if (!out.woken().take()) {
                    co_await out.woken().next();
                }
            }
        }
        co_return ended;
    }

    asio::awaitable<error_code> write(frame encoded) {
        written = std::move(encoded);
        co_return co_await try_write(detail::bytes_of(written, as));
    }

    asio::awaitable<error_code> write_header() {
        co_await try_write(header);
        if (!ended && !begins_stream) {
            out.to().finish();
            co_await let_go();
            ended = errc::no_stream;
        }
        co_return ended;
    }

    asio::awaitable<error_code> finish() {
        if (ended == asio::error::shut_down) {
            co_return error_code{};
        }
        const error_code failed = co_await try_write(detail::stream_end(as));
        if (!failed) {
            out.to().finish();
            co_await let_go();
            ended = asio::error::shut_down;
        }
        co_return failed;
    }

    /// Returns what the wait for the signal ended with, or why the stream cannot go on. A wait that
    /// is cancelled leaves the stream as it was.
    asio::awaitable<error_code> wait_for(signal& on) {
        while (true) {
            const signal_wait wait{on, [weak = weak_from_this()] {
                                       if (const auto still = weak.lock()) {
                                           still->out.wake();
                                       }
                                   }};
            while (!wait.result()) {
                const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
                if (state.cancelled() != asio::cancellation_type::none) {
                    co_return asio::error::operation_aborted;
                }
                error_code failed = co_await try_write({}); // which looks at what may have failed
                if (!failed && out.due().at(clock::now()) == detail::deadline::due::heartbeat) {
                    failed = co_await try_write(detail::bytes_of(heartbeat, as));
                }
                if (failed) {
                    co_return failed;
                }
                out.arm(*timing);
                if (!wait.result() && !out.woken().take()) {
                    co_await out.woken().next();
                }
            }
            if (wait.result() != asio::error::operation_aborted) {
                co_return *wait.result();
            }
        }
    }

    /// Returns why the work was not let to its end, if so. It has ended in any case.
    asio::awaitable<error_code> wait_for_end(detail::side_flow& flow, asio::awaitable<void> work) {
        flow.start(std::move(work));
        error_code why;
        std::exception_ptr thrown;
        try {
            why = co_await wait_for(flow.woken());
        } catch (...) {
            thrown = std::current_exception();
        }
        if (why || thrown) {
            flow.cancel();
        }
        while (!flow.has_ended()) {
            co_await flow.wait();
        }
        if (thrown) {
            std::rethrow_exception(thrown);
        }
        co_return why;
    }
};

namespace {

asio::awaitable<void> or_throw(asio::awaitable<error_code> step) {
    const error_code failed = co_await detail::unthrown(std::move(step));
    if (failed) {
        throw boost::system::system_error{failed};
    }
}

} // namespace

stream_writer::stream_writer(std::shared_ptr<sink> to, unsigned version,
    const asio::any_io_executor& executor, const writer_options& options)
    : stream_writer{std::move(to), version, executor, options, ""} {}

stream_writer::stream_writer(std::shared_ptr<sink> to, unsigned version,
    const asio::any_io_executor& executor, const writer_options& options, std::string instead)
    : parts_{
          std::make_shared<parts>(std::move(to), version, executor, options, std::move(instead))} {}

stream_writer::~stream_writer() = default;

asio::awaitable<void> stream_writer::write_headers() {
    parts_->out.to().watch_peer();
    return or_throw(parts_->alone(parts_->write_header()));
}

asio::awaitable<void> stream_writer::write(const event_view& event) {
    const auto made = make_frame(event);
    if (!made) {
        parts_->log(severity::warning, "event skipped: " + made.error().message());
    }
    return write(made ? *made : frame{});
}

asio::awaitable<void> stream_writer::write(std::string_view text) {
    return write(event_view{text});
}

asio::awaitable<void> stream_writer::write_json(const boost::json::value& value) {
    return write(detail::json_text(value));
}

asio::awaitable<void> stream_writer::write_heartbeat() { return write(parts_->heartbeat); }

asio::awaitable<void> stream_writer::write(frame encoded) {
    return or_throw(parts_->alone(parts_->write(std::move(encoded))));
}

asio::awaitable<bool> stream_writer::wait(signal& on) {
    asio::awaitable<error_code> waiting = parts_->alone(parts_->wait_for(on));
    const error_code ended = co_await detail::unthrown(std::move(waiting));
    if (ended && ended != errc::closed) {
        throw boost::system::system_error{ended};
    }
    co_return !ended;
}

asio::awaitable<void> stream_writer::run_while_connected(asio::awaitable<void> work) {
    detail::side_flow flow{co_await asio::this_coro::executor};
    asio::awaitable<error_code> running =
        parts_->alone(parts_->wait_for_end(flow, std::move(work)));
    co_await or_throw(std::move(running));
    flow.rethrow();
}

asio::awaitable<void> stream_writer::finish() { return or_throw(parts_->alone(parts_->finish())); }

} // namespace crier
