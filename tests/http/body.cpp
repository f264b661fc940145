#include "http/body.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <doctest/doctest.h>

#include <limits>
#include <string>

using crier::detail::body_parser;
using crier::detail::framing;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t most = 10;

/// What has become of a body that came in pieces of so many bytes.
struct outcome {
    boost::system::error_code error;
    bool is_whole = false;
    bool has_trailer = false;
    std::string body;
    std::string rest; ///< what does not belong to it
};

outcome decode(const framing& of, std::string bytes, std::size_t piece, std::size_t limit = most,
    const crier::gate_limits& limits = {}) {
    body_parser parser{of, limit, limits};
    outcome result;
    result.error = parser.error();
    std::string come;
    bool is_done = false;
    while (!result.error && !is_done && !bytes.empty()) {
        come += bytes.substr(0, piece);
        bytes.erase(0, piece);
        is_done = parser.take_from(come, result.error);
    }
    result.is_whole = is_done;
    result.has_trailer = parser.has_trailer();
    result.body = parser.release();
    result.rest = come + bytes;
    return result;
}

} // namespace

TEST_CASE("a body of a length ends there") {
    for (const std::size_t piece : {1U, 2U, 100U}) {
        const outcome whole = decode({.length = 5}, "a\r\nbcGET /", piece);
        CHECK(whole.is_whole);
        CHECK(whole.body == "a\r\nbc");
        CHECK(whole.rest == "GET /");
        CHECK_FALSE(decode({.length = 5}, "abcd", piece).is_whole);
    }
}

TEST_CASE("a body in chunks is put together, and ends with the last of them") {
    const framing chunked{.chunked = true};
    for (const std::size_t piece : {1U, 3U, 100U}) {
        const outcome whole =
            decode(chunked, "2\r\nab\r\n3;x=\"y\"\r\nc\r\n\r\n0\r\n\r\nGET", piece);
        CHECK(whole.is_whole);
        CHECK_FALSE(whole.has_trailer);
        CHECK(whole.body == "abc\r\n");
        CHECK(whole.rest == "GET");
    }
    for (std::size_t piece = 1; piece <= 6; ++piece) {
        const outcome empty = decode(chunked, "0\r\n\r\nGET", piece);
        CHECK(empty.is_whole);
        CHECK(empty.body.empty());
        CHECK(empty.rest == "GET");
        CHECK(decode(chunked, "3\r\n000\r\n00;x\r\n\r\n", piece).body == "000");
    }
    for (const char* bad : {"zz\r\n", "2\r\nabc\r\n", "\r\n", "-1\r\n", "2\nab\n", "1\r\naX"}) {
        CAPTURE(bad);
        CHECK(decode(chunked, bad + std::string{"\r\n\r\n"}, 100).error);
    }
}

TEST_CASE("a body over the limit is not read, however its length is told") {
    CHECK_FALSE(decode({.length = most}, std::string(most, 'x'), 100).error);
    CHECK(decode({.length = most + 1}, "", 100).error == http::error::body_limit);
    CHECK(decode({.chunked = true}, "b\r\n", 100).error == http::error::body_limit);
    CHECK(decode({.chunked = true}, "6\r\nabcdef\r\n6\r\n", 100).error == http::error::body_limit);
}

TEST_CASE("the bound of a chunk's line does not hang on how it comes") {
    const crier::gate_limits limits{.header_bytes = 50};
    const auto chunk = [](std::size_t line) {
        const std::string extension(line - 4, 'x');
        return "1;" + extension + "\r\na\r\n0\r\n\r\n";
    };
    for (const std::size_t piece : {1U, 7U, 51U, 1000U}) {
        CAPTURE(piece);
        CHECK(decode({.chunked = true}, chunk(50), piece, most, limits).body == "a");
        CHECK(decode({.chunked = true}, chunk(60), piece, most, limits).error);
    }
    CHECK(decode({.length = 200}, std::string(200, 'x'), 200, 200, limits).body.size() == 200);
}

TEST_CASE("limits may be as great as they can be") {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    constexpr std::size_t over_32_bits = std::size_t{1} << 32U;
    for (const std::size_t limit : {none, none - 1, over_32_bits}) {
        CAPTURE(limit);
        const crier::gate_limits limits{.header_bytes = limit, .header_fields = limit};
        for (const std::size_t piece : {1U, 100U}) {
            CHECK(decode({.length = 3}, "abc", piece, limit, limits).body == "abc");
            const outcome chunks =
                decode({.chunked = true}, "3;x\r\nabc\r\n0\r\n\r\n", piece, limit, limits);
            CHECK_FALSE(chunks.error);
            CHECK(chunks.body == "abc");
        }
        CHECK(
            decode({.chunked = true}, "1\r\na\r\n0\r\nX: y\r\n\r\n", 1, limit, limits).has_trailer);
    }
    CHECK(decode({.length = none / 2 + 1}, "", 100, none).error == http::error::body_limit);
}

TEST_CASE("trailer fields are noticed, whatever they are called") {
    for (const char* trailer : {"X: y\r\n", "Host: b\r\n", "Content-Length: 4\r\n"}) {
        CAPTURE(trailer);
        const outcome whole =
            decode({.chunked = true}, std::string{"1\r\na\r\n0\r\n"} + trailer + "\r\n", 100);
        CHECK((whole.error || whole.has_trailer));
    }
}
