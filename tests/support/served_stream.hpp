#pragma once

#include <crier/http/serve.hpp>

#include "context.hpp"
#include "loopback.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace crier::test {

namespace http = boost::beast::http;
using asio::ip::tcp;
using request_type = http::request<http::string_body>;

inline const std::string header = "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: text/event-stream\r\n"
                                  "Cache-Control: no-cache, no-transform\r\n"
                                  "Incremental: ?1\r\n"
                                  "X-Accel-Buffering: no\r\n"
                                  "X-Content-Type-Options: nosniff\r\n"
                                  "Transfer-Encoding: chunked\r\n"
                                  "Connection: close\r\n"
                                  "\r\n";

inline request_type get(std::string_view target, unsigned version = 11) {
    request_type request{http::verb::get, {target.data(), target.size()}, version};
    if (version == 11) {
        request.set(http::field::host, "a");
    }
    return request;
}

/// A stream that is no socket, as one over TLS is none.
class layered {
public:
    using executor_type = tcp::socket::executor_type;
    using lowest_layer_type = tcp::socket;

    explicit layered(tcp::socket next) : next_{std::move(next)} {}

    executor_type get_executor() { return next_.get_executor(); }
    tcp::socket& next_layer() { return next_; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return next_.async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return next_.async_write_some(buffers, std::forward<Token>(token));
    }

private:
    tcp::socket next_;
};

/// A connection with a session on it.
struct stream {
    context& test;
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    tcp::socket socket{acceptor.accept()};
    request_type request;
    asio::cancellation_signal cancellation;
    std::optional<end_reason> reason;

    stream(
        context& in, manager& events, serve_options options = {}, request_type asked = get("/news"))
        : test{in}, request{std::move(asked)} {
        asio::co_spawn(test.io, crier::serve(socket, request, events, std::move(options)),
            asio::bind_cancellation_slot(
                cancellation.slot(), [this](const std::exception_ptr& error, end_reason end) {
                    CHECK_FALSE(error);
                    reason = end;
                    socket.close();
                }));
        test.run();
    }

    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    ~stream() {
        cancellation.emit(asio::cancellation_type::terminal);
        test.run();
        CHECK(reason);
    }

    std::string read() {
        test.run();
        return without_date(peer.read_available());
    }
};

inline serve_options topic(std::string name) {
    serve_options options;
    options.topic = std::move(name);
    return options;
}

inline std::string chunk(const std::string& text) {
    char size[16];
    std::snprintf(size, sizeof size, "%zx", text.size());
    return size + ("\r\n" + text) + "\r\n";
}

} // namespace crier::test
