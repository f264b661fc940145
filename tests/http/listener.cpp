#include "http/listener.hpp"

#include "support/context.hpp"
#include "support/loopback.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using crier::test::client;
using crier::test::context;
namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

TEST_CASE("what a taker throws is told, and accepting goes on after a pause") {
    context test;
    std::vector<std::string> logged;
    const crier::logger log = [&](crier::severity, std::string_view line) {
        logged.emplace_back(line);
    };
    tcp::acceptor socket{test.io, {asio::ip::address_v4::loopback(), 0}};
    const std::uint16_t port = socket.local_endpoint().port();
    socket.non_blocking(true);
    int taken = 0;
    bool fails = true;
    crier::detail::listener accepting{
        test.io, crier::detail::descriptor{socket.release()}, log, [&](const auto& /*connection*/) {
            if (fails) {
                throw std::runtime_error{"no room at the inn"};
            }
            ++taken;
        }};
    accepting.start();
    test.run();
    const client first{port};
    test.run();
    const client second{port};
    const client third{port};
    test.run();
    REQUIRE(logged.size() == 1);
    CHECK(logged.front() == "cannot accept connections: no room at the inn");
    test.advance(100ms);
    CHECK(logged.size() == 1); // one line for failures in a row
    fails = false;
    test.advance(100ms);
    CHECK(taken == 1);
    accepting.close();
}
