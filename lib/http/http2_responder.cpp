#include "http2_responder.hpp"

#include "async/time_limit.hpp"
#include "detached_streams.hpp"
#include "sink_wait.hpp"

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

/// What is still to be written of a response.
struct unsent {
    std::string_view head;
    std::string_view body;

    void write_to(http2_stream& on, error_code& error) {
        while (!error && !(head.empty() && body.empty())) {
            const std::array<asio::const_buffer, 2> left{asio::buffer(head), asio::buffer(body)};
            const bool has_head = !head.empty();
            const sink::buffers bytes{left.data() + (has_head ? 0 : 1), has_head ? 2U : 1U};
            const std::size_t sent = on.write_some(bytes, error);
            const std::size_t of_head = std::min(sent, head.size());
            head.remove_prefix(of_head);
            body.remove_prefix(sent - of_head);
        }
    }
};

asio::awaitable<error_code> send_rest(unsent rest, std::shared_ptr<http2_stream> on,
    asio::any_io_executor executor, clock::duration longest) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    sink_wait room{on, executor};
    const time_limit limit{room, longest};
    error_code error = asio::error::would_block;
    while (error == asio::error::would_block) {
        asio::awaitable<void> waiting = room.next();
        co_await std::move(waiting);
        if (limit.expired() || cancellation.cancelled() != asio::cancellation_type::none) {
            co_return asio::error::operation_aborted;
        }
        error = {};
        rest.write_to(*on, error);
    }
    co_return error;
}

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

stream_socket& http2_responder::socket() {
    throw std::logic_error{"a request of HTTP/2 has no socket for itself"};
}

asio::awaitable<error_code> http2_responder::send(
    clock::duration longest, std::string_view head, std::string_view body) {
    unsent response{head, body};
    error_code error;
    response.write_to(*on_, error);
    if (error == asio::error::would_block) {
        asio::awaitable<error_code> sending =
            send_rest(response, on_, connection_.get_executor(), longest);
        error = co_await std::move(sending);
    }
    if (!error) {
        on_->finish();
    }
    co_return error;
}

std::shared_ptr<sink> http2_responder::make_sink(
    stream_owner whom, const asio::any_io_executor& /*executor*/) {
    on_->is_resumable = whom == stream_owner::manager;
    return on_;
}

std::unique_ptr<departure_watch> http2_responder::watch_client(signal& on_end) {
    return std::make_unique<stream_watch>(on_, on_end);
}

bool http2_responder::detach(detached_streams& to, detached_order ordered) {
    is_detached_ = true;
    on_->is_resumable = true;
    to.begin(on_, std::move(ordered));
    return false;
}

} // namespace crier::detail
