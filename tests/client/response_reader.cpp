#include "client/response_reader.hpp"

#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using boost::system::error_code;
using crier::detail::response_reader;

namespace {

struct result {
    unsigned status = 0;
    std::string body;
    error_code error;
    bool over = false;
};

/// Reads pieces as a connection does: what is left over is given again, with what follows.
result read(const std::vector<std::string>& pieces, bool ends = true) {
    response_reader reader;
    result got;
    std::string buffer;
    for (const std::string& piece : pieces) {
        buffer += piece;
        std::string_view input = buffer;
        std::size_t before = input.size() + 1;
        while (input.size() < before && !reader.is_over() && !got.error) {
            before = input.size();
            reader.read(input, got.error);
            got.body += reader.body();
        }
        buffer.erase(0, buffer.size() - input.size());
    }
    if (ends && !got.error) {
        reader.end_of_input(got.error);
    }
    got.status = reader.head().status;
    got.over = reader.is_over();
    return got;
}

void check_at_every_split(const std::string& response, const std::string& body) {
    std::vector<std::string> bytes;
    for (const char byte : response) {
        bytes.emplace_back(1, byte);
    }
    for (std::size_t at = 0; at <= response.size(); ++at) {
        CAPTURE(at);
        const result got =
            at == 0 ? read(bytes) : read({response.substr(0, at), response.substr(at)});
        CHECK_FALSE(got.error);
        CHECK(got.status == 200);
        CHECK(got.body == body);
        CHECK(got.over);
    }
}

const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

} // namespace

TEST_CASE("a chunked body is the same at every split") {
    check_at_every_split(head + "Transfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
        "abc0123456789");
    check_at_every_split(
        head + "Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: x\r\n\r\n", "a");
}

TEST_CASE("a chunked body without a chunk is the same at every split") {
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    check_at_every_split(chunked + "0\r\n\r\n", "");
    check_at_every_split(chunked + "0\r\nTrailer: x\r\n\r\n", "");
    check_at_every_split(chunked + "03\r\n000\r\n000\r\n\r\n", "000");
    CHECK(read({chunked, "0", "\r", "\n", "\r"}).error);
}

TEST_CASE("of a chunk that has begun each byte is given at once") {
    CHECK(read({head + "Transfer-Encoding: chunked\r\n\r\n5\r\n0", "0"}, false).body == "00");
}

TEST_CASE("a body that the connection's end delimits is the same at every split") {
    check_at_every_split(head + "\r\ndata: 1\n\n", "data: 1\n\n");
}

TEST_CASE("a body of a given length is the same at every split") {
    check_at_every_split(head + "Content-Length: 4\r\n\r\nabcd", "abcd");
    check_at_every_split(head + "Content-Length: 0\r\n\r\n", "");
}

TEST_CASE("a response that is cut is an error wherever it is cut") {
    for (const std::string& whole :
        {head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            head + "Content-Length: 4\r\n\r\nabcd"}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            CHECK(read({whole.substr(0, size)}).error);
        }
    }
}

TEST_CASE("all fields are kept, in their order") {
    response_reader reader;
    std::string_view input =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nlocation: /x\r\n"
        "CONTENT-TYPE:  a/b; c \r\nContent-Encoding: gzip\r\nSet-Cookie: a\r\nSet-Cookie: "
        "b\r\n\r\n";
    error_code error;
    reader.read(input, error);
    CHECK_FALSE(error);
    CHECK(reader.has_head());
    CHECK(reader.head().status == 503);
    CHECK(reader.head().reason == "Service Unavailable");
    std::string fields;
    for (const crier::header_field& field : reader.head().headers) {
        fields += field.name + '=' + field.value + '\n';
    }
    CHECK(fields == "Retry-After=7\nlocation=/x\nCONTENT-TYPE=a/b; c\nContent-Encoding=gzip\n"
                    "Set-Cookie=a\nSet-Cookie=b\n");
}

TEST_CASE("what is no proper response is an error") {
    for (const std::string& bytes : {std::string{"SSH-2.0-x\r\n\r\n"},
             std::string{"HTTP/2 200\r\n\r\n"}, std::string{"HTTP/1.1 xx OK\r\n\r\n"},
             head + "Transfer-Encoding: gzip, chunked\r\n\r\n",
             head + "Transfer-Encoding: gzip\r\n\r\n",
             head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
             head + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
             head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
             head + "Content-Length: x\r\n\r\n",
             head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
             head + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
             head + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"}) {
        CAPTURE(bytes);
        CHECK(read({bytes}, false).error);
    }
}

TEST_CASE("a transfer coding that is not chunked is named") {
    const std::pair<const char*, const char*> cases[] = {
        {"Transfer-Encoding: gzip, chunked\r\n", "\"gzip, chunked\""},
        {"Transfer-Encoding: identity\r\n", "\"identity\""},
        {"Transfer-Encoding: chunked, chunked\r\n", "\"chunked, chunked\""},
    };
    for (const auto& [fields, named] : cases) {
        CAPTURE(fields);
        response_reader reader;
        const std::string bytes = head + fields + "\r\n";
        std::string_view input = bytes;
        error_code error;
        reader.read(input, error);
        CHECK(error == crier::errc::bad_response);
        CHECK(reader.explain(error) ==
              std::string{"the transfer coding is "} + named + ", not \"chunked\"");
    }
}

TEST_CASE("a header has a limit") {
    const std::string field = "X: " + std::string(1000, 'x') + "\r\n";
    std::string long_head = head;
    while (long_head.size() < response_reader::header_limit) {
        long_head += field;
    }
    CHECK(read({long_head + "\r\n"}, false).error);
    CHECK_FALSE(read({long_head.substr(0, 60'000) + "\r\n\r\n"}, false).error);
}
