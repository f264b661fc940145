// Shows streams in an existing Beast server with its own context and threads: plain, or by TLS,
// there with HTTP/2 too. Try it with: curl -N http://127.0.0.1:8080/events

#include <crier/crier.hpp>

#include "common/options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#if HAVE_TLS
#include <crier/http/serve_http2.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#endif

#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

using request_type = http::request<http::string_body>;
using response_type = http::response<http::string_body>;

response_type answer(const request_type& request) {
    response_type response{http::status::not_found, request.version()};
    if (request.method() == http::verb::get && request.target() == "/") {
        response.result(http::status::ok);
        response.set(http::field::content_type, "text/plain; charset=utf-8");
        response.body() = "the events are at /events\n";
    }
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    return response;
}

template <class Stream>
asio::awaitable<void> answer_requests(Stream& stream, crier::manager& manager) {
    beast::flat_buffer buffer;
    bool keep_alive = true;
    while (keep_alive) {
        request_type request;
        beast::get_lowest_layer(stream).expires_after(30s);
        co_await http::async_read(stream, buffer, request, asio::use_awaitable);
        if (request.target() == "/events") {
            crier::serve_options options;
            options.topic = "numbers";
            co_await crier::serve(stream, request, manager, std::move(options));
            break;
        }
        const response_type response = answer(request);
        co_await http::async_write(stream, response, asio::use_awaitable);
        keep_alive = response.keep_alive();
    }
}

asio::awaitable<void> serve_plain(beast::tcp_stream stream, crier::manager& manager) {
    co_await answer_requests(stream, manager);
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

#if HAVE_TLS
namespace ssl = asio::ssl;

/// The best that the client offers and the library has. Source: RFC 7301.
int choose_protocol(SSL* /*of*/, const unsigned char** chosen, unsigned char* size,
    const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
    static constexpr unsigned char both[] = "\x02h2\x08http/1.1";
    const unsigned skipped = crier::http2_if_built() ? 0 : 3;
    unsigned char* best = nullptr;
    const int result = SSL_select_next_proto(
        &best, size, both + skipped, sizeof both - 1 - skipped, offered, offered_size);
    *chosen = best;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string_view protocol_of(ssl::stream<beast::tcp_stream>& stream) {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(stream.native_handle(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

std::shared_ptr<ssl::context> make_context(const crier::tls_certificate& files) {
    auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
    made->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    SSL_CTX_set_alpn_select_cb(made->native_handle(), choose_protocol, nullptr);
    error_code error;
    made->use_certificate_chain_file(files.chain, error);
    if (error) {
        throw crier::tls_file_error{
            "cannot use the certificate in " + files.chain + ": " + error.message()};
    }
    made->use_private_key_file(files.key, ssl::context::pem, error);
    if (error) {
        throw crier::tls_file_error{"cannot use the key in " + files.key + ": " + error.message()};
    }
    return made;
}

/// Of HTTP/2, whose requests share a connection that crier reads and writes.
asio::awaitable<void> answer_one(crier::exchange& request, crier::manager& manager) {
    if (request.path() == "/events") {
        crier::serve_options options;
        options.topic = "numbers";
        co_await request.stream(manager, std::move(options));
    } else {
        co_await request.respond(answer(request.request()));
    }
}

asio::awaitable<void> serve_encrypted(
    beast::tcp_stream plain, std::shared_ptr<ssl::context> context, crier::manager& manager) {
    ssl::stream<beast::tcp_stream> stream{std::move(plain), *context};
    stream.next_layer().expires_after(10s);
    co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
    if (protocol_of(stream) == "h2") {
        const crier::server::handler handle = [&manager](crier::exchange& request) {
            return answer_one(request, manager);
        };
        crier::server_options options;
        co_await crier::serve_http2(stream, handle, std::move(options));
    } else {
        co_await answer_requests(stream, manager);
    }
    stream.next_layer().expires_after(1s); // not all clients say that they have seen the end
    co_await stream.async_shutdown(asio::use_awaitable);
}
#endif

using connection_handler = std::function<asio::awaitable<void>(beast::tcp_stream)>;

connection_handler handler_of(const crier::server_options& options, crier::manager& manager) {
    if (!options.tls) {
        return [&manager](
                   beast::tcp_stream stream) { return serve_plain(std::move(stream), manager); };
    }
#if HAVE_TLS
    if (options.tls->certificates.size() > 1) {
        throw std::runtime_error{"this server has one certificate for all hosts"};
    }
    return [&manager, context = make_context(options.tls->certificates.front())](
               beast::tcp_stream stream) {
        return serve_encrypted(std::move(stream), context, manager);
    };
#else
    throw std::runtime_error{"built without TLS, which needs OpenSSL"};
#endif
}

asio::awaitable<void> listen(
    asio::io_context& io, tcp::acceptor& acceptor, const connection_handler& handle) {
    asio::steady_timer pause{acceptor.get_executor()};
    while (acceptor.is_open()) {
        const auto strand = asio::make_strand(io);
        error_code error;
        tcp::socket socket = co_await acceptor.async_accept(
            strand, asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            beast::tcp_stream stream{std::move(socket)};
            asio::co_spawn(strand, handle(std::move(stream)), asio::detached);
        } else if (acceptor.is_open()) {
            // Out of file descriptors, for example: retrying at once would spin.
            pause.expires_after(100ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }
}

void publish_numbers(crier::manager& manager) {
    for (int n = 1; manager.publish("numbers", n); ++n) {
        std::this_thread::sleep_for(200ms);
    }
}

tcp::acceptor listening(asio::io_context& io, const crier::server_options& options) try {
    tcp::resolver resolver{io};
    const auto found = resolver.resolve(options.addresses.front(), std::to_string(options.port));
    return {asio::make_strand(io), found.begin()->endpoint()};
} catch (const boost::system::system_error& error) {
    // Without the location in Asio's sources that the caught error's text has.
    throw std::runtime_error{"cannot listen: " + error.code().message()};
}

void run(const crier::server_options& options) {
    asio::io_context io{static_cast<int>(options.threads)};
    crier::manager manager{io.get_executor()};
    const connection_handler handle = handler_of(options, manager);
    tcp::acceptor acceptor = listening(io, options);
    asio::co_spawn(acceptor.get_executor(), listen(io, acceptor, handle), asio::detached);

    asio::signal_set signals{acceptor.get_executor(), SIGINT, SIGTERM};
    asio::steady_timer deadline{acceptor.get_executor()};
    signals.async_wait([&](error_code, int) {
        acceptor.close();
        manager.shutdown();
        // Gives the streams time to end. Idle connections are cut.
        deadline.expires_after(300ms);
        deadline.async_wait([&io](error_code) { io.stop(); });
    });
    std::cout << (options.tls ? "https://" : "http://") << acceptor.local_endpoint() << "/events\n"
              << std::flush;

    const std::jthread publisher{[&manager] { publish_numbers(manager); }};
    std::vector<std::jthread> helpers;
    while (helpers.size() + 1 < options.threads) {
        helpers.emplace_back([&io] { io.run(); });
    }
    io.run();
}

} // namespace

int main(int argc, char** argv) {
    crier::server_options defaults;
    defaults.threads = 4;
    return example::run_server(argc, argv, "Streams numbers from a Beast server.", run, defaults);
}
