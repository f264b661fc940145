#include <crier/http/gate.hpp>

#include "http/accept_header.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::accepts_event_stream;
using crier::read_head;
using crier::request_head;

namespace {

const std::string host = "Host: a\r\n";

/// The status that the gate answers a raw head with; 0: it lets it pass.
unsigned gate(const std::string& raw) {
    request_head head;
    const auto refused = read_head(raw, head);
    return refused ? refused->status : 0;
}

unsigned get_with(const std::string& fields) {
    return gate("GET / HTTP/1.1\r\n" + fields + "\r\n");
}
unsigned post_with(const std::string& fields) {
    return gate("POST / HTTP/1.1\r\n" + host + fields + "\r\n");
}

std::string many_fields(std::size_t count) {
    std::string fields;
    for (std::size_t i = 0; i < count; ++i) {
        fields += "X-" + std::to_string(i) + ": v\r\n";
    }
    return fields;
}

} // namespace

TEST_CASE("what is plain passes and is read") {
    const std::string raw =
        "GET /a?b=c HTTP/1.1\r\nHost: example:80\r\nAccept:  text/event-stream \t\r\nX:\r\n\r\n";
    request_head head;
    REQUIRE_FALSE(read_head(raw, head));
    CHECK(head.method == "GET");
    CHECK(head.target == "/a?b=c");
    CHECK(head.version == 11);
    REQUIRE(head.fields.size() == 3);
    CHECK(head.fields[1].first == "Accept");
    CHECK(head.fields[1].second == "text/event-stream");
    CHECK(head.fields[2].second.empty());
    CHECK(gate("GET / HTTP/1.0\r\n\r\n") == 0);
    CHECK(gate("GET http://a/b HTTP/1.1\r\n" + host + "\r\n") == 0);
    CHECK(gate("OPTIONS * HTTP/1.1\r\n" + host + "\r\n") == 0);
    CHECK(get_with("host: a\r\nX: \x80\xff\r\n") == 0);
    CHECK(get_with(host + "Content-Length: 0\r\n") == 0);
    CHECK(post_with("Content-Length: 5\r\n") == 0);
    CHECK(post_with("Transfer-Encoding: Chunked\r\n") == 0);
}

TEST_CASE("a malformed request line is refused") {
    for (const char* line :
        {"", " ", "GET", "GET /", "GET / ", " GET / HTTP/1.1", "GET  / HTTP/1.1", "GET / HTTP/1.1 ",
            "GET /  HTTP/1.1", "GET / HTTP/1", "GET / http/1.1", "GET / HTTP/1.x",
            "GET / HTTP/11.1", "GET /a b HTTP/1.1", "GET a HTTP/1.1", "GET a?b=c://d HTTP/1.1",
            "GET ://a HTTP/1.1", "G{T / HTTP/1.1", "GET /\x01 HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1",
            "GET\t/ HTTP/1.1", "GET /\r HTTP/1.1", "GET / HTTP/1.1\r", "GET /\n HTTP/1.1"}) {
        CAPTURE(line);
        CHECK(gate(line + ("\r\n" + host) + "\r\n") == 400);
    }
    CHECK(gate(std::string{"GET /\0 HTTP/1.1\r\n", 17} + host + "\r\n") == 400);
}

TEST_CASE("CONNECT and methods of no standard are refused as such") {
    for (const char* method : {"CONNECT", "FOO", "get", "QUIT", "X"}) {
        CAPTURE(method);
        CHECK(gate(std::string{method} + " / HTTP/1.1\r\n" + host + "\r\n") == 501);
    }
    CHECK(gate("CONNECT a:443 HTTP/1.1\r\n" + host + "\r\n") == 501);
    for (const char* method : {"HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"}) {
        CAPTURE(method);
        CHECK(gate(std::string{method} + " / HTTP/1.1\r\n" + host + "\r\n") == 0);
    }
    CHECK(gate("GET * HTTP/1.1\r\n" + host + "\r\n") == 400); // only OPTIONS asks for all
}

TEST_CASE("the host of an absolute target takes the place of the field") {
    const auto hosts_of = [](const std::string& raw) {
        request_head head;
        CHECK_FALSE(read_head(raw, head));
        std::string hosts;
        for (const auto& [name, value] : head.fields) {
            hosts.append(name).append("=").append(value).append(";");
        }
        return hosts;
    };
    CHECK(hosts_of("GET http://b:81/c HTTP/1.1\r\nhost: a\r\n\r\n") == "host=b:81;");
    CHECK(hosts_of("GET http://b?c HTTP/1.0\r\n\r\n") == "Host=b;");
    CHECK(gate("GET http://b/c HTTP/1.1\r\n\r\n") == 400);
    CHECK(gate("GET http://b/c HTTP/1.1\r\n" + host + host + "\r\n") == 400);
    for (const char* target : {"http:///c", "http://", "http://me:secret@b/c", "http://a,b/c"}) {
        CAPTURE(target);
        CHECK(gate("GET " + std::string{target} + " HTTP/1.1\r\n" + host + "\r\n") == 400);
    }
}

TEST_CASE("the host of a target is no longer than a field may be") {
    crier::gate_limits limits;
    limits.header_bytes = 200'000;
    request_head head;
    const auto status_of = [&](std::size_t size) {
        const auto refused =
            read_head("GET http://" + std::string(size, 'a') + "/ HTTP/1.0\r\n\r\n", head, limits);
        return refused ? refused->status : 0;
    };
    CHECK(status_of(60'000) == 0);
    CHECK(status_of(65'536 + 8) == 431);
}

TEST_CASE("another version of HTTP is refused as such") {
    CHECK(gate("GET / HTTP/2.0\r\n" + host + "\r\n") == 505);
    CHECK(gate("GET / HTTP/1.2\r\n" + host + "\r\n") == 505);
    CHECK(gate("GET / HTTP/0.9\r\n" + host + "\r\n") == 505);
}

TEST_CASE("a malformed field is refused") {
    for (const char* field : {"no colon", ": no name", "Name : v", " X: folded", "\tX: folded",
             "X: a\r\n folded", "X: a\r\n\tfolded", "N\xc3\xa9: v", "X(: v", "X: a\rb", "X: a\nb",
             "X: a\x01", "X: a\x7f"}) {
        CAPTURE(field);
        CHECK(get_with(host + field + "\r\n") == 400);
    }
    CHECK(get_with(host + std::string{"X: a\0b\r\n", 8}) == 400);
}

TEST_CASE("bare line feeds are no line ends") {
    CHECK(gate("GET / HTTP/1.1\nHost: a\n\n") == 400);
    CHECK(gate("GET / HTTP/1.1\r\nHost: a\n\r\n") == 400);
    CHECK(gate("GET / HTTP/1.1\r\nHost: a\r\n\n") == 400);
}

TEST_CASE("a request has one host") {
    CHECK(get_with("") == 400);
    CHECK(get_with(host + host) == 400);
    CHECK(get_with("Host: a, b\r\n") == 400);
    CHECK(get_with("Host: a b\r\n") == 400);
    CHECK(gate("GET / HTTP/1.0\r\n" + host + host + "\r\n") == 400);
}

TEST_CASE("the body's length is stated once and plainly") {
    for (const char* fields :
        {"Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5\r\ncontent-length: 6\r\n",
            "Content-Length: 5, 5\r\n", "Content-Length: -1\r\n", "Content-Length: +1\r\n",
            "Content-Length: 0x5\r\n", "Content-Length: 5 5\r\n", "Content-Length:\r\n",
            "Content-Length: 99999999999999999999999\r\n", "Transfer-Encoding: gzip\r\n",
            "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding: chunked;q=1\r\n"}) {
        CAPTURE(fields);
        CHECK(post_with(fields) == 400);
    }
    CHECK(gate("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("what Connection lists are names") {
    for (const char* value : {"", "close", "keep-alive, TE", " close ,, upgrade ,", ","}) {
        CAPTURE(value);
        CHECK(get_with(host + "Connection: " + value + "\r\n") == 0);
    }
    for (const char* value : {"a b", "close; x", "\"close\"", "a, b c", "\x80"}) {
        CAPTURE(value);
        CHECK(get_with(host + "Connection: " + value + "\r\n") == 400);
    }
}

TEST_CASE("GET and HEAD have no body") {
    CHECK(get_with(host + "Content-Length: 1\r\n") == 400);
    CHECK(get_with(host + "Transfer-Encoding: chunked\r\n") == 400);
    CHECK(gate("HEAD / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n") == 400);
}

TEST_CASE("a header over 8 KB or 64 fields is too large") {
    const std::string long_value(8 * 1024 - 16 - host.size() - 7, 'v');
    CHECK(get_with(host + "X: " + long_value + "\r\n") == 0);
    CHECK(get_with(host + "X: v" + long_value + "\r\n") == 431);
    CHECK(get_with(host + many_fields(63)) == 0);
    CHECK(get_with(host + many_fields(64)) == 431);
}

TEST_CASE("an event stream is asked for with GET and an Accept that allows it") {
    const auto answer = [](std::string_view method, const char* accept) {
        request_head head{.method = method, .target = "/"};
        if (accept != nullptr) {
            head.fields.emplace_back("accept", accept);
        }
        const auto refused = crier::check_stream_request(head);
        return refused ? refused->status : 0;
    };
    CHECK(answer("GET", nullptr) == 0);
    CHECK(answer("GET", "") == 0);
    CHECK(answer("GET", "text/event-stream") == 0);
    CHECK(answer("GET", "application/json") == 406);
    CHECK(answer("HEAD", nullptr) == 0);
    CHECK(answer("HEAD", "application/json") == 406);
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
        CHECK(answer(method, nullptr) == 405);
    }
}

TEST_CASE("the closest media range of Accept decides") {
    for (const char* accept : {"*/*", "text/*", "TEXT/Event-Stream", "text/html, text/event-stream",
             "text/event-stream;q=0.1", "text/event-stream ; q=1.000", "*/*;q=0, text/*",
             "text/*;q=0,text/event-stream", "text/html, */*;q=0.8", "text/event-stream;x=y",
             ", ,text/event-stream,"}) {
        CAPTURE(accept);
        CHECK(accepts_event_stream(accept));
    }
    for (const char* accept :
        {"text/html", "application/*", "text/event-stream;q=0", "text/event-stream; q=0.000, */*",
            "*/*, text/*;q=0", "*/*;q=0", "text/event-streams", "event-stream", "*"}) {
        CAPTURE(accept);
        CHECK_FALSE(accepts_event_stream(accept));
    }
}

TEST_CASE("JSON is preferred where it is wanted more than text") {
    using crier::detail::prefers_json;
    for (const char* accept : {"application/json", "application/problem+json", "application/*",
             "text/event-stream, application/json", "text/plain;q=0.8, application/json;q=0.9",
             "application/json, */*;q=0.5", "application/json, text/plain;q=0.999"}) {
        CAPTURE(accept);
        CHECK(prefers_json(accept));
    }
    for (const char* accept : {"", "*/*", "text/plain", "text/event-stream", "text/html, */*;q=0.1",
             "application/json, text/plain", "application/json;q=0", "application/json;q=0.1, */*",
             "application/json;q=0.12, text/*;q=0.123"}) {
        CAPTURE(accept);
        CHECK_FALSE(prefers_json(accept));
    }
}
