#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

namespace asio = boost::asio;
using asio::ip::tcp;

/// The header of a stream whose body ends with the connection.
inline const std::string stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

enum class then { close, reset, hold };

/// Reads one request from each connection and answers with what the script says for it; past the
/// script's end a connection is held without an answer.
class scripted_server {
public:
    explicit scripted_server(
        asio::io_context& io, tcp::endpoint at = {asio::ip::address_v4::loopback(), 0})
        : state_{std::make_shared<state>(tcp::acceptor{io, at})} {
        asio::co_spawn(io, accept(state_), asio::detached);
    }
    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;
    ~scripted_server() {
        state_->acceptor.close();
        for (tcp::socket& each : state_->sockets) {
            each.close();
        }
    }

    std::uint16_t port() const { return state_->acceptor.local_endpoint().port(); }

    std::string url(std::string_view target = "/") const {
        return "http://127.0.0.1:" + std::to_string(port()) + std::string{target};
    }

    /// Adds the answer to one more connection.
    scripted_server& answer(std::string bytes, then after = then::close) {
        state_->script.push_back({std::move(bytes), after});
        return *this;
    }

    scripted_server& stream(std::string_view events, then after = then::close) {
        return answer(stream_head + std::string{events}, after);
    }

    /// Goes on with an answer whose connection is held.
    void send(std::string_view bytes) { asio::write(state_->sockets.back(), asio::buffer(bytes)); }

    /// The connection that was accepted last.
    tcp::socket& last() { return state_->sockets.back(); }

    const std::vector<std::string>& requests() const { return state_->requests; }

private:
    struct scripted_answer {
        std::string bytes;
        then after;
    };

    struct state {
        explicit state(tcp::acceptor on) : acceptor{std::move(on)} {}

        tcp::acceptor acceptor;
        std::deque<scripted_answer> script;
        std::deque<tcp::socket> sockets;
        std::vector<std::string> requests;
    };

    static asio::awaitable<void> accept(std::shared_ptr<state> self) {
        try {
            while (true) {
                tcp::socket socket = co_await self->acceptor.async_accept(asio::use_awaitable);
                tcp::socket& kept = self->sockets.emplace_back(std::move(socket));
                asio::co_spawn(self->acceptor.get_executor(), serve(self, kept), asio::detached);
            }
        } catch (const boost::system::system_error&) {
            // The server has gone.
        }
    }

    static asio::awaitable<void> serve(std::shared_ptr<state> self, tcp::socket& socket) {
        try {
            std::string request;
            const std::size_t head = co_await asio::async_read_until(
                socket, asio::dynamic_buffer(request), "\r\n\r\n", asio::use_awaitable);
            const std::size_t body = body_size(request) - (request.size() - head);
            co_await asio::async_read(socket, asio::dynamic_buffer(request),
                asio::transfer_exactly(body), asio::use_awaitable);
            self->requests.push_back(std::move(request));
            scripted_answer answer{"", then::hold};
            if (!self->script.empty()) {
                answer = std::move(self->script.front());
                self->script.pop_front();
            }
            co_await asio::async_write(socket, asio::buffer(answer.bytes), asio::use_awaitable);
            if (answer.after == then::reset) {
                socket.set_option(asio::socket_base::linger(true, 0));
            }
            if (answer.after != then::hold) {
                socket.close();
            }
        } catch (const boost::system::system_error&) {
            // The client has gone.
        }
    }

    static std::size_t body_size(std::string_view request) {
        constexpr std::string_view name = "\r\nContent-Length: ";
        const std::size_t at = request.find(name);
        return at == request.npos ? 0 : std::stoul(std::string{request.substr(at + name.size())});
    }

    std::shared_ptr<state> state_;
};

} // namespace crier::test
