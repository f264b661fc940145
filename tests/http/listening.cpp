#include "http/socket_file.hpp"
#include "support/inherited_descriptors.hpp"
#include "support/running_server.hpp"
#include "support/temporary.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using crier::exchange;
using crier::server_options;
using crier::test::client;
using crier::test::running_server;
using crier::test::temporary_directory;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

asio::awaitable<void> greet(exchange& request) {
    return request.respond(http::status::ok, "hello\n");
}

/// The last line of what is answered there.
template <class Protocol>
std::string answer_at(const typename Protocol::endpoint& at) {
    asio::io_context io;
    typename Protocol::socket socket{io};
    socket.connect(at);
    asio::write(socket, asio::buffer(std::string{"GET / HTTP/1.0\r\n\r\n"}));
    std::string answer;
    boost::system::error_code at_end;
    asio::read(socket, asio::dynamic_buffer(answer), at_end);
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

bool has_ipv6() {
    asio::io_context io;
    boost::system::error_code error;
    tcp::acceptor probe{io, tcp::v6()};
    probe.bind({asio::ip::address_v6::loopback(), 0}, error);
    return !error;
}

server_options on_unix_socket(const std::string& path) {
    server_options options;
    options.addresses.clear();
    options.unix_socket = path;
    return options;
}

/// A socket that listens on loopback.
struct listening {
    asio::io_context io;
    tcp::acceptor socket{io, {asio::ip::address_v4::loopback(), 0}};
};

/// How many descriptors of this kind a program gets that this one executes.
std::size_t passed_on(const std::string& kind) {
    const std::string all = crier::test::inherited_descriptors();
    std::size_t count = 0;
    for (std::size_t at = all.find(kind); at != all.npos; at = all.find(kind, at + 1)) {
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("a name stands for all its addresses, on one port") {
    server_options options;
    options.addresses = {"localhost", "127.0.0.1", "127.0.0.2"};
    const running_server running{greet, options};
    const std::uint16_t port = running.server.local_endpoint().port();
    CHECK(answer_at<tcp>({asio::ip::make_address("127.0.0.1"), port}) == "hello\n");
    CHECK(answer_at<tcp>({asio::ip::make_address("127.0.0.2"), port}) == "hello\n");
    if (has_ipv6()) {
        CHECK(answer_at<tcp>({asio::ip::address_v6::loopback(), port}) == "hello\n");
    }
}

TEST_CASE("both versions of IP are listened on" * doctest::skip(!has_ipv6())) {
    server_options options;
    options.threads = 2;
    for (const std::vector<std::string>& addresses :
        {std::vector<std::string>{"::1", "127.0.0.1"}, {"::", "0.0.0.0"}, {"::"}}) {
        options.addresses = addresses;
        const running_server running{greet, options};
        const std::uint16_t port = running.server.local_endpoint().port();
        CHECK(answer_at<tcp>({asio::ip::address_v6::loopback(), port}) == "hello\n");
        CHECK(answer_at<tcp>({asio::ip::address_v4::loopback(), port}) == "hello\n");
    }
}

TEST_CASE("where a server cannot listen, it says so") {
    server_options options;
    options.addresses = {std::string(300, 'x')};
    CHECK_THROWS_WITH_AS(crier::server{options}, doctest::Contains("cannot listen on xxx"),
        boost::system::system_error);
    options.addresses = {"192.0.2.1"}; // for documentation: no machine has it
    CHECK_THROWS_WITH_AS(crier::server{options}, doctest::Contains("cannot listen on 192.0.2.1"),
        boost::system::system_error);
    options.addresses.clear();
    CHECK_THROWS_AS(crier::server{options}, std::invalid_argument);
    options.addresses = {""};
    CHECK_THROWS_AS(crier::server{options}, std::invalid_argument);
}

TEST_CASE("a Unix socket is served on all threads, with the mode that was asked for") {
    const temporary_directory in;
    const std::string path = in.file("socket");
    server_options options = on_unix_socket(path);
    options.unix_mode = 0606;
    options.threads = 3;
    {
        const running_server running{greet, options};
        CHECK(running.server.local_endpoint().port() == 0);
        struct stat found{};
        REQUIRE(::stat(path.c_str(), &found) == 0);
        CHECK((found.st_mode & 0777U) == 0606);
        for (int i = 0; i < 20; ++i) {
            CHECK(answer_at<asio::local::stream_protocol>(path) == "hello\n");
        }
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a stream over a Unix socket is one like any other") {
    const temporary_directory in;
    const std::string path = in.file("socket");
    running_server running{on_unix_socket(path)};
    asio::io_context io;
    asio::local::stream_protocol::socket socket{io};
    socket.connect(path);
    asio::write(socket, asio::buffer(std::string{"GET /t HTTP/1.1\r\nHost: a\r\n\r\n"}));
    std::string got;
    asio::read_until(socket, asio::dynamic_buffer(got), "\r\n\r\n");
    running.events.publish("/t", "over a file");
    asio::read_until(socket, asio::dynamic_buffer(got), "data: over a file\n");
    socket.close();
    CHECK(crier::test::eventually([&] { return streams_of(running.events).open == 0; }));
    CHECK(streams_of(running.events)
              .ended[static_cast<std::size_t>(crier::end_reason::client_left)] == 1);
}

TEST_CASE("the file of a server that was killed is replaced, that of a living one is not") {
    const temporary_directory in;
    const std::string path = in.file("socket");
    {
        asio::io_context io;
        const asio::local::stream_protocol::acceptor killed{io, path};
    }
    REQUIRE(std::filesystem::exists(path));
    const running_server running{greet, on_unix_socket(path)};
    try {
        const crier::server second{on_unix_socket(path)};
        FAIL("must not listen");
    } catch (const boost::system::system_error& error) {
        CHECK(error.code() == asio::error::address_in_use);
    }
    CHECK(answer_at<asio::local::stream_protocol>(path) == "hello\n");
}

TEST_CASE("a server that ends leaves the file of the one that has taken its place") {
    const temporary_directory in;
    const std::string path = in.file("socket");
    auto first = std::make_unique<crier::detail::socket_file>();
    first->listen(path, 0600); // and closes what listens, as a server does that is shut down
    crier::detail::socket_file second;
    const crier::detail::descriptor listening = second.listen(path, 0600);
    first.reset();
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("a file that is no socket stays as it is") {
    const temporary_directory in;
    const std::string path = in.file("diary");
    std::ofstream{path} << "dear diary";
    CHECK_THROWS_AS(crier::server{on_unix_socket(path)}, boost::system::system_error);
    std::string kept;
    std::getline(std::ifstream{path}, kept);
    CHECK(kept == "dear diary");
    CHECK_THROWS_AS(
        crier::server{on_unix_socket("/" + std::string(200, 'x'))}, std::invalid_argument);
}

TEST_CASE("a socket that listens already is taken over, and nothing else is opened") {
    listening passed;
    const tcp::endpoint at = passed.socket.local_endpoint();
    server_options options;
    options.addresses = {"192.0.2.1"};
    options.sockets = {passed.socket.release()};
    options.threads = 2;
    const running_server running{greet, options};
    CHECK(running.server.local_endpoint() == at);
    CHECK(answer_at<tcp>(at) == "hello\n");
    options.sockets = {STDIN_FILENO};
    CHECK_THROWS_AS(crier::server{options}, std::invalid_argument);
}

TEST_CASE("the sockets of a service manager are those that it names, for this process") {
    CHECK(crier::passed_sockets().empty());
    const listening passed;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::dup2(const_cast<tcp::acceptor&>(passed.socket).native_handle(), 3);
        ::setenv("LISTEN_FDS", "1", 1);
        ::setenv("LISTEN_PID", "1", 1);
        const bool others_are_left = crier::passed_sockets().empty();
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        const bool own_are_taken = crier::passed_sockets() == std::vector<int>{3};
        const bool is_closed = (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
        ::_exit(others_are_left && own_are_taken && is_closed ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("a program that is executed gets none of the server's descriptors") {
    const temporary_directory in;
    const std::size_t sockets = passed_on("socket:");
    const std::size_t others = passed_on("anon_inode:");
    server_options options;
    options.addresses = {"localhost"};
    options.unix_socket = in.file("socket");
    options.threads = 2;
    std::size_t sockets_passed_on = 0;
    std::size_t others_passed_on = 0;
    running_server running{[&](exchange& request) -> asio::awaitable<void> {
                               if (request.path() == "/stream") {
                                   co_await request.stream(running.events);
                               } else {
                                   sockets_passed_on = passed_on("socket:");
                                   others_passed_on = passed_on("anon_inode:");
                                   co_await request.respond(http::status::ok);
                               }
                           },
        options};
    running.server.shutdown_on_signals();
    client stream = running.connect();
    stream.get("/stream");
    stream.read_until("\r\n\r\n");
    client asking = running.connect();
    asking.get("/");
    asking.read_until("\r\n\r\n");
    // The test's own two clients are Asio's, which pass on.
    CHECK(sockets_passed_on == sockets + 2);
    CHECK(others_passed_on == others);
}
