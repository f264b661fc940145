#include "http/request_reader.hpp"

#include "support/context.hpp"
#include "support/loopback.hpp"

#include <boost/beast/http/parser.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using crier::refusal;
using crier::server_options;
using crier::detail::hang_up;
using crier::detail::read_result;
using crier::detail::received;
using crier::test::client;
using crier::test::context;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

/// A connection that requests are read from.
struct reading {
    server_options options;
    std::optional<read_result> result;
    std::optional<crier::detail::connection_input> input; // a pending receive uses its memory
    context test;
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    crier::exchange::socket_type socket{acceptor.accept()};
    crier::detail::connection_stream stream{socket};

    reading() { input.emplace(stream); }

    void begin() {
        result.reset();
        asio::co_spawn(test.io, crier::detail::read_request(*input, options),
            [this](const std::exception_ptr& error, read_result read) {
                CHECK_FALSE(error);
                result = std::move(read);
            });
        test.run();
    }

    read_result next(const std::string& bytes) {
        begin();
        peer.send(bytes);
        REQUIRE(test.run_until([this] { return result.has_value(); }));
        return *std::move(result);
    }
};

/// The status that a request is refused with; 0: it is not.
unsigned status(const read_result& read) {
    const auto* const refused = std::get_if<crier::detail::refused_request>(&read);
    return refused != nullptr ? refused->why.status : 0;
}

/// Empty where no request was read.
std::string target_of(const reading& by) {
    const auto* const read =
        by.result ? std::get_if<std::unique_ptr<crier::detail::received>>(&*by.result) : nullptr;
    return read != nullptr ? std::string{(*read)->message.target()} : "";
}

const std::string post = "POST /a?b HTTP/1.1\r\nHost: a\r\n";

} // namespace

TEST_CASE("a message is what Beast would have parsed") {
    for (const std::string raw :
        {"GET /caf%C3%A9?x HTTP/1.1\r\nHost: a\r\nX:  y \t\r\nx: z\r\n\r\n",
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nConnection: close, te\r\n\r\n",
            "DELETE http://a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nEmpty:\r\n\r\n"}) {
        CAPTURE(raw);
        crier::request_head head;
        REQUIRE_FALSE(crier::read_head(raw, head));
        const auto message = crier::detail::message_of(head);
        http::request_parser<http::string_body> beast;
        boost::system::error_code error;
        beast.put(asio::buffer(raw), error);
        REQUIRE(beast.is_header_done());
        const auto& expected = beast.get();
        CHECK(message.method() == expected.method());
        CHECK(message.method_string() == expected.method_string());
        CHECK(message.target() == expected.target());
        CHECK(message.version() == expected.version());
        CHECK(message.keep_alive() == expected.keep_alive());
        CHECK(message.chunked() == expected.chunked());
        CHECK(std::ranges::equal(message, expected, [](const auto& a, const auto& b) {
            return a.name() == b.name() && a.name_string() == b.name_string() &&
                   a.value() == b.value();
        }));
    }
}

TEST_CASE("a request is read with its body, and what follows it is left") {
    reading from;
    const auto first = from.next(post + "Content-Length: 3\r\n\r\nabcGET /c HTT");
    const auto* const plain = std::get_if<std::unique_ptr<received>>(&first);
    REQUIRE(plain != nullptr);
    CHECK((*plain)->message.body() == "abc");
    CHECK((*plain)->message.method() == http::verb::post);
    CHECK((*plain)->read.path == "/a");
    CHECK((*plain)->read.query == "b");
    CHECK(from.input->bytes == "GET /c HTT");
    const auto second = from.next("P/1.1\r\nHost: a\r\nOrigin: o\r\n\r\n" + post +
                                  "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    const auto* const bodyless = std::get_if<std::unique_ptr<received>>(&second);
    REQUIRE(bodyless != nullptr);
    CHECK((*bodyless)->read.path == "/c");
    CHECK((*bodyless)->read.origin == "o");
    CHECK((*bodyless)->message.body().empty());
    const auto third = from.next("0\r\n\r\n");
    const auto* const chunked = std::get_if<std::unique_ptr<received>>(&third);
    REQUIRE(chunked != nullptr);
    CHECK((*chunked)->message.body() == "a");
    CHECK(from.input->bytes.empty());
}

TEST_CASE("a request with a body that is not proper is refused") {
    const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
    for (const auto& [raw, expected] : std::vector<std::pair<std::string, unsigned>>{
             {post + "Content-Length: 11\r\n\r\n", 413}, {chunked + "b\r\n", 413},
             {chunked + "zz\r\n", 400}, {chunked + "1\r\na\r\n0\r\nX: y\r\n\r\n", 400},
             {chunked + "1\r\na\r\n0\r\nHost: b\r\n\r\n", 400},
             {post + "Connection: a b\r\n\r\n", 400}}) {
        CAPTURE(raw);
        reading from;
        from.options.body_bytes = 10;
        CHECK(status(from.next(raw)) == expected);
    }
}

TEST_CASE("a client that waits with its body is told to send it, or at once that it is too large") {
    const std::string waiting = post + "Expect: 100-continue\r\nContent-Length: ";
    reading from;
    from.begin();
    from.peer.send(waiting + "2\r\n\r\n");
    from.test.run();
    CHECK(from.peer.read_available() == "HTTP/1.1 100 Continue\r\n\r\n");
    from.peer.send("ab");
    REQUIRE(from.test.run_until([&] { return from.result.has_value(); }));
    CHECK(std::get<std::unique_ptr<received>>(*from.result)->message.body() == "ab");
    CHECK(status(from.next(waiting + "9000000000\r\n\r\n")) == 413);
    CHECK(status(from.next(waiting + "2\r\n\r\nab")) == 0);
    CHECK(from.peer.read_available().empty());
}

TEST_CASE("a connection is kept for a further request, which then has its own time to come") {
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    reading from;
    CHECK(status(from.next(request)) == 0);
    from.begin();
    from.test.advance(from.options.idle_timeout - 1ms);
    CHECK_FALSE(from.result);
    from.peer.send("GET");
    from.test.run();
    from.test.advance(from.options.header_timeout - 1ms);
    CHECK_FALSE(from.result);
    from.test.advance(1ms);
    REQUIRE(from.result);
    CHECK(status(*from.result) == 408);
    reading silent;
    CHECK(status(silent.next(request)) == 0);
    silent.begin();
    silent.test.advance(silent.options.idle_timeout);
    REQUIRE(silent.result);
    CHECK(std::holds_alternative<hang_up>(*silent.result));
    reading first;
    first.begin();
    first.test.advance(first.options.header_timeout);
    REQUIRE(first.result);
    CHECK(std::holds_alternative<hang_up>(*first.result));
}

TEST_CASE("what comes too late is not waited for any longer, however fast it comes") {
    for (const auto& [first, rest] : std::vector<std::pair<std::string, std::size_t>>{
             {post + "X: ", 2'000}, {post + "Content-Length: 60000\r\n\r\n", 20'000}}) {
        reading from;
        from.begin();
        from.peer.send(first);
        from.test.run();
        from.peer.send(std::string(rest, 'x'));
        from.test.pass(from.options.header_timeout);
        from.test.run();
        REQUIRE(from.result.has_value());
        CHECK(status(*from.result) == 408);
    }
}

TEST_CASE("a field that no message could keep is refused, however large a header may be") {
    reading from;
    from.options.limits.header_bytes = 300'000;
    CHECK(status(from.next(post + "X: " + std::string(65'000, 'x') + "\r\n\r\n")) == 0);
    reading other;
    other.options.limits.header_bytes = 300'000;
    CHECK(status(other.next(post + "X: " + std::string(65'536, 'x') + "\r\n\r\n")) == 431);
}

TEST_CASE("a client that ends before its head is whole has hung up") {
    for (const char* part : {"", "GET / HTTP/1.1\r\nHos"}) {
        reading from;
        from.begin();
        from.peer.send(part);
        from.peer.socket.close();
        REQUIRE(from.test.run_until([&] { return from.result.has_value(); }));
        CHECK(std::holds_alternative<hang_up>(*from.result));
    }
}

TEST_CASE("empty lines before a request count for nothing") {
    reading with;
    with.options.idle_timeout = 60s;
    with.begin();
    with.peer.send("\r\n\r\n\r");
    with.test.run();
    with.peer.send("\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
    with.test.run();
    CHECK(target_of(with) == "/a");
    with.begin();
    with.test.advance(30s); // far beyond the time for a header: none has begun
    CHECK_FALSE(with.result);
    with.peer.send("\r\n");
    with.test.run();
    with.test.advance(20s);
    CHECK_FALSE(with.result);
    with.peer.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    with.test.run();
    CHECK(target_of(with) == "/b");
}
