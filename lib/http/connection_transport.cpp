#include "connection_transport.hpp"

#include <crier/http/make_sink.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

std::shared_ptr<sink> connection_transport::make_sink() {
    return crier::make_sink(on_, get_executor());
}

asio::awaitable<std::string_view> connection_transport::read(error_code& error) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    static thread_local std::array<char, 16'384> room;
    std::size_t size = on_.read_some(asio::buffer(room), error);
    while (error == asio::error::would_block) {
        const stream_socket::wait_type what =
            on_.channel() == nullptr ? stream_socket::wait_read : awaited_by(*on_.channel());
        error = {};
        co_await on_.async_wait(what, memory_.token(error, state.slot()));
        if (!error) {
            size = on_.read_some(asio::buffer(room), error);
        }
    }
    co_return std::string_view{room.data(), size};
}

void connection_transport::cancel() {
    error_code ignored;
    on_.cancel(ignored);
}

} // namespace crier::detail
