#include "support/observed_source.hpp"
#include "support/temporary.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

using crier::event_source_options;
using crier::ready_state;
using crier::test::context;
using crier::test::observed_source;
using crier::test::temporary_directory;
namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

/// Answers each connection with the next response, and holds the last one's.
class local_server {
public:
    local_server(context& test, const std::string& path, std::vector<std::string> answers)
        : acceptor_{test.io, stream_protocol::endpoint{path}}, answers_{std::move(answers)} {
        asio::co_spawn(test.io, run(), asio::detached);
    }

    std::vector<std::string> requests;

private:
    asio::awaitable<void> run() {
        for (const std::string& answer : answers_) {
            sockets_.push_back(co_await acceptor_.async_accept(asio::use_awaitable));
            std::string& request = requests.emplace_back();
            co_await asio::async_read_until(
                sockets_.back(), asio::dynamic_buffer(request), "\r\n\r\n", asio::use_awaitable);
            co_await asio::async_write(sockets_.back(), asio::buffer(answer), asio::use_awaitable);
        }
    }

    stream_protocol::acceptor acceptor_;
    std::vector<std::string> answers_;
    std::vector<stream_protocol::socket> sockets_;
};

event_source_options over(const std::string& path) {
    event_source_options options = observed_source::at_once();
    options.unix_socket = path;
    return options;
}

const std::string stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n";

} // namespace

TEST_CASE("a stream comes over a Unix socket, which is asked for the URL, after a redirect too") {
    const temporary_directory directory;
    context test;
    local_server server{test, directory.file("s"),
        {"HTTP/1.1 307 Moved\r\nLocation: http://other.test/b\r\nContent-Length: 0\r\n\r\n",
            stream}};
    observed_source client{test, "http://example.test/a?b", over(directory.file("s"))};
    REQUIRE(client.has_events(1));
    CHECK(server.requests.at(0).starts_with("GET /a?b HTTP/1.1\r\nHost: example.test\r\n"));
    CHECK(server.requests.at(1).starts_with("GET /b HTTP/1.1\r\nHost: other.test\r\n"));
    CHECK(client.changes.at(0).url == "http://other.test/b");
}

TEST_CASE("a Unix socket that is not there, or refuses, is named and tried again") {
    const temporary_directory directory;
    context test;
    const std::string path = directory.file("s");
    observed_source client{test, "http://localhost/", over(path)};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].reason == boost::system::errc::no_such_file_or_directory);
    CHECK(client.changes[0].message.starts_with(path + ": "));
    {
        const stream_protocol::acceptor gone{test.io, path};
    }
    CHECK(test.run_until(
        [&] { return client.changes.back().reason == asio::error::connection_refused; }));
    std::filesystem::remove(path);
    local_server server{test, path, {stream}};
    CHECK(client.has_events(1));
}

TEST_CASE("a Unix socket whose server is busy is tried again") {
    const temporary_directory directory;
    context test;
    const std::string path = directory.file("s");
    stream_protocol::acceptor busy{test.io};
    busy.open();
    busy.bind(path);
    busy.listen(0);
    stream_protocol::socket first{test.io};
    first.connect(path);
    observed_source client{test, "http://localhost/", over(path)};
    REQUIRE(client.has_changes(1));
    CHECK(client.changes[0].state == ready_state::connecting);
    CHECK(client.changes[0].reason == asio::error::try_again);
}

TEST_CASE("a path that is too long is refused at once") {
    context test;
    CHECK_THROWS_AS((crier::event_source{test.io.get_executor(), "http://localhost/",
                        over('/' + std::string(200, 'x'))}),
        std::invalid_argument);
}
