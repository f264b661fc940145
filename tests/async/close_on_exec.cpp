#include "async/close_on_exec.hpp"

#include "support/inherited_descriptors.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <string>

using boost::system::error_code;
using crier::detail::open_socket;
using crier::test::inherited_descriptors;
using crier::test::named_descriptor;
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;

namespace {

bool is_inherited(int descriptor) {
    return inherited_descriptors().find(named_descriptor(descriptor)) != std::string::npos;
}

/// Opens one, and tells whether a program inherits it.
template <class Socket>
bool passes_on(Socket socket, const typename Socket::protocol_type& protocol) {
    error_code error;
    open_socket(socket, protocol, error);
    REQUIRE_FALSE(error);
    return is_inherited(socket.native_handle());
}

} // namespace

TEST_CASE("a program that is started inherits no socket") {
    asio::io_context io;
    CHECK_FALSE(passes_on(tcp::socket{io}, tcp::v4()));
    CHECK_FALSE(passes_on(tcp::acceptor{io}, tcp::v4()));
    CHECK_FALSE(passes_on(stream_protocol::socket{io}, stream_protocol{}));
    CHECK(is_inherited(tcp::socket{io, tcp::v4()}.native_handle())); // one of Asio's own
}

TEST_CASE("a program that is started inherits nothing of a context that waits, either") {
    const auto count = [] { return std::ranges::count(inherited_descriptors(), '\n'); };
    const auto before = count();
    asio::io_context io;
    asio::steady_timer timer{io, std::chrono::hours{1}};
    timer.async_wait([](auto) {});
    asio::ip::udp::socket socket{io};
    error_code error;
    open_socket(socket, asio::ip::udp::v4(), error);
    socket.async_wait(asio::ip::udp::socket::wait_read, [](auto) {});
    io.poll();
    CHECK(count() == before);
}

TEST_CASE("a socket that was opened so connects as any other") {
    asio::io_context io;
    tcp::acceptor acceptor{io};
    error_code error;
    open_socket(acceptor, tcp::v4(), error);
    acceptor.bind({asio::ip::address_v4::loopback(), 0});
    acceptor.listen();
    tcp::socket socket{io};
    open_socket(socket, tcp::v4(), error);
    CHECK_FALSE(socket.native_non_blocking());
    bool connected = false;
    socket.async_connect(acceptor.local_endpoint(), [&](error_code e) { connected = !e; });
    io.run();
    CHECK(connected);
    CHECK(socket.native_non_blocking());
}

TEST_CASE("a socket that cannot be opened says why, and stays closed") {
    asio::io_context io;
    tcp::socket socket{io};
    error_code error;
    open_socket(socket, tcp::v4(), error);
    open_socket(socket, tcp::v4(), error);
    CHECK(error == asio::error::already_open);
    socket.close();
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{0, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    open_socket(socket, tcp::v4(), error);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(error == asio::error::no_descriptors);
    CHECK_FALSE(socket.is_open());
}
