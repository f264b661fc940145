#include "http2_responder.hpp"

#include "async/local_signal.hpp"
#include "async/time_limit.hpp"
#include "detached_streams.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Who waits until a stream takes more, or until it is cancelled.
class room_wait final : public wakeable {
public:
    room_wait(http2_stream& of, asio::any_io_executor executor)
        : of_{of}, executor_{std::move(executor)} {
        of_.attach(this);
    }
    room_wait(const room_wait&) = delete;
    room_wait& operator=(const room_wait&) = delete;
    ~room_wait() { of_.attach(nullptr); }

    void wake() override { woken_.set(); }
    local_signal& woken() noexcept { return woken_; }

    // For a time limit:
    void cancel() { wake(); }
    const asio::any_io_executor& get_executor() const noexcept { return executor_; }

private:
    http2_stream& of_;
    const asio::any_io_executor executor_;
    local_signal woken_;
};

class stream_watch final : public departure_watch {
public:
    stream_watch(std::shared_ptr<http2_stream> of, signal& told) : of_{std::move(of)} {
        of_->tell(&told);
        if (has_left()) {
            told.set();
        }
    }
    stream_watch(const stream_watch&) = delete;
    stream_watch& operator=(const stream_watch&) = delete;
    ~stream_watch() override { of_->tell(nullptr); }

    bool has_left() const noexcept override { return of_->has_ended(); }

private:
    const std::shared_ptr<http2_stream> of_;
};

} // namespace

http2_responder::~http2_responder() {
    if (!is_detached_) {
        on_->cancel();
    }
}

asio::any_io_executor http2_responder::get_executor() const { return connection_.get_executor(); }

std::optional<tls_state> http2_responder::tls() const {
    const encrypted_channel* const by = connection_.channel();
    return by == nullptr ? std::nullopt : std::optional{by->state()};
}

stream_socket& http2_responder::socket() {
    throw std::logic_error{"a request of HTTP/2 has no socket for itself"};
}

asio::awaitable<error_code> http2_responder::send(
    clock::duration longest, std::string_view head, std::string_view body) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    room_wait room{*on_, connection_.get_executor()};
    const time_limit limit{room, longest};
    error_code error;
    while (!error && !(head.empty() && body.empty())) {
        const std::array<asio::const_buffer, 2> left{asio::buffer(head), asio::buffer(body)};
        const bool has_head = !head.empty();
        const sink::buffers bytes{left.data() + (has_head ? 0 : 1), has_head ? 2U : 1U};
        const std::size_t sent = on_->write_some(bytes, error);
        const std::size_t of_head = std::min(sent, head.size());
        head.remove_prefix(of_head);
        body.remove_prefix(sent - of_head);
        if (error == asio::error::would_block) {
            error = {};
            if (!room.woken().take()) {
                co_await room.woken().next();
            }
            if (limit.expired() || cancellation.cancelled() != asio::cancellation_type::none) {
                error = asio::error::operation_aborted;
            }
        }
    }
    if (!error) {
        on_->finish();
    }
    co_return error;
}

std::shared_ptr<sink> http2_responder::make_sink(const asio::any_io_executor& /*executor*/) {
    return on_;
}

std::unique_ptr<departure_watch> http2_responder::watch_client(signal& on_end) {
    return std::make_unique<stream_watch>(on_, on_end);
}

bool http2_responder::detach(detached_streams& to, detached_order ordered) {
    is_detached_ = true;
    to.begin(on_, std::move(ordered));
    return false;
}

} // namespace crier::detail
