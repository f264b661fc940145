#include "slow_viewer.hpp"

#include <crier/wire/parser.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/system/system_error.hpp>
#if HAVE_TLS
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#endif

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace json = boost::json;
using asio::ip::tcp;

namespace game {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t bytes_per_turn = 1'024; // with the turns: 25 KB/s
constexpr auto turn_length = 40ms;
constexpr auto before_the_next_try = 500ms;
// What waits in the kernel is conflated no more, here as in the server. The viewer's side is small
// too, as that of a slow line is in a browser.
constexpr int receive_buffer = 4'096;
// HTTP/1.0 has no chunks: after its header, each byte is the stream's.
constexpr std::string_view ask = "GET /events?topic=room/1 HTTP/1.0\r\nHost: localhost\r\n\r\n";

void tell(const crier::event_view& seen, crier::manager& report) {
    if (seen.type == "world") {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        const json::object ages{{"time", json::parse(seen.data).at("time")},
            {"seen", std::chrono::floor<std::chrono::milliseconds>(now).count()}};
        report.publish("slow", ages, {.type = "slow"});
    }
}

asio::awaitable<void> wait(std::chrono::milliseconds time) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor, time};
    co_await timer.async_wait(asio::use_awaitable);
}

/// Until the stream ends, which throws.
template <class Stream>
asio::awaitable<void> watch(Stream& stream, crier::manager& report) {
    co_await asio::async_write(stream, asio::buffer(ask), asio::use_awaitable);
    std::string received;
    const std::size_t head = co_await asio::async_read_until(
        stream, asio::dynamic_buffer(received), "\r\n\r\n", asio::use_awaitable);
    received.erase(0, head);
    crier::parser parser;
    std::array<char, bytes_per_turn> buffer{};
    while (true) {
        std::string_view bytes = received;
        while (const auto seen = parser.next(bytes).value()) {
            tell(*seen, report);
        }
        co_await wait(turn_length);
        const std::size_t size =
            co_await stream.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        received.assign(buffer.data(), size);
    }
}

/// The certificate is not checked: the server is this program itself.
asio::awaitable<void> watch_encrypted(tcp::socket& socket, crier::manager& report) {
#if HAVE_TLS
    asio::ssl::context tls{asio::ssl::context::tls_client};
    asio::ssl::stream<tcp::socket&> stream{socket, tls};
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    co_await watch(stream, report);
#else
    co_await watch(socket, report); // never reached: the server has refused its options
#endif
}

} // namespace

asio::awaitable<void> watch_slowly(
    tcp::endpoint server, bool is_encrypted, crier::manager& report) {
    const auto executor = co_await asio::this_coro::executor;
    while (true) {
        try {
            tcp::socket socket{executor, server.protocol()};
            socket.set_option(asio::socket_base::receive_buffer_size{receive_buffer});
            co_await socket.async_connect(server, asio::use_awaitable);
            if (is_encrypted) {
                co_await watch_encrypted(socket, report);
            } else {
                co_await watch(socket, report);
            }
        } catch (const boost::system::system_error&) { // NOLINT(bugprone-empty-catch)
            // The game is over, or the viewer was cancelled: then the wait throws, too.
        }
        co_await wait(before_the_next_try);
    }
}

} // namespace game
