#include <crier/http/stream_writer.hpp>
#include <crier/wire/errc.hpp>

#include "async/durations.hpp"
#include "pubsub/heartbeat.hpp"
#include "response.hpp"
#include "stream_state.hpp"
#include "wire/field_text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

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
    std::shared_ptr<detail::stream_state> stream;
    frame heartbeat;
    frame written;
    logger log;
    std::string header;
};

stream_writer::stream_writer(std::shared_ptr<sink> to, unsigned version,
    const asio::any_io_executor& executor, const writer_options& options)
    : parts_{new parts{
          std::make_shared<detail::stream_state>(std::move(to), detail::coding_of(version),
              executor,
              detail::in_range(options.heartbeat_interval, writer_options{}.heartbeat_interval)),
          detail::heartbeat_of(options), frame{}, options.log ? options.log : log_to_clog,
          checked_header(detail::coding_of(version), options.fields)}} {}

stream_writer::~stream_writer() = default;

asio::awaitable<void> stream_writer::write_headers() {
    parts_->stream->begin();
    return parts_->stream->write_all(parts_->header);
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
    const detail::coding as = parts_->stream->get_coding();
    // Kept until the next one: a write may still be on its way when it is given up.
    parts_->written = std::move(encoded);
    co_await parts_->stream->write_all(detail::bytes_of(parts_->written, as));
}

asio::awaitable<bool> stream_writer::wait(signal& on) {
    detail::stream_state& stream = *parts_->stream;
    while (!on.try_wait()) {
        if (const auto failed = stream.failure(clock::now())) {
            throw boost::system::system_error{failed};
        }
        if (stream.due().at(clock::now()) == detail::deadline::due::heartbeat) {
            co_await write_heartbeat();
        }
        stream.arm_timer();
        const detail::attachment attached{stream, on};
        const auto [error] = co_await on.async_wait(asio::as_tuple(asio::deferred));
        if (error == errc::closed) {
            co_return false;
        }
        if (!error) {
            co_return true;
        }
    }
    co_return true;
}

asio::awaitable<void> stream_writer::finish() {
    detail::stream_state& stream = *parts_->stream;
    std::exception_ptr failure;
    try {
        co_await stream.write_all(detail::stream_end(stream.get_coding()));
    } catch (...) {
        failure = std::current_exception();
    }
    co_await stream.close();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

} // namespace crier
