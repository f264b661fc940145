#include "client/verdict.hpp"

#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

using crier::errc;
using crier::detail::judge;
using crier::detail::parse_retry_after;
using crier::detail::response_head;
using crier::detail::verdict;
using namespace std::chrono_literals;

namespace {

response_head head_of(unsigned status, std::string content_type = "") {
    response_head head;
    head.status = status;
    head.reason = "Reason";
    head.content_type = std::move(content_type);
    return head;
}

} // namespace

TEST_CASE("200 with the type of event streams is a stream, whatever its parameters") {
    for (const char* type : {"text/event-stream", "text/event-stream;", "TEXT/Event-Stream",
             "text/event-stream; charset=utf-8", "text/event-stream ;charset=windows-1252",
             " text/event-stream"}) {
        CAPTURE(type);
        CHECK(judge(head_of(200, type), false).is == verdict::meaning::stream);
    }
}

TEST_CASE("200 with another type, or none, is the end and says what came instead") {
    for (const std::string type : {"", "text/plain", "text/event-stream-x", "x-text/event-stream",
             "text/x-bogus", "text/html; a=text/event-stream", "text/event-stream,text/plain"}) {
        CAPTURE(type);
        const verdict got = judge(head_of(200, type), true);
        CHECK(got.is == verdict::meaning::end);
        CHECK(got.error == errc::not_event_stream);
        CHECK(got.message.find(type) != got.message.npos);
    }
}

TEST_CASE("a content coding that was not asked for is the end") {
    response_head head = head_of(200, "text/event-stream");
    head.content_encoding = "identity";
    CHECK(judge(head, false).is == verdict::meaning::stream);
    head.content_encoding = "gzip";
    CHECK(judge(head, false).error == errc::not_event_stream);
}

TEST_CASE("204 is the end for good, as the server wants it") {
    for (const bool retried : {false, true}) {
        const verdict got = judge(head_of(204, "text/event-stream"), retried);
        CHECK(got.is == verdict::meaning::end);
        CHECK(got.error == errc::no_content);
    }
}

TEST_CASE("five statuses are redirects, and no other") {
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        CHECK(judge(head_of(status), false).is == verdict::meaning::redirect);
    }
    for (const unsigned status : {300U, 304U, 305U, 306U}) {
        CHECK(judge(head_of(status), true).is == verdict::meaning::end);
    }
}

TEST_CASE("any other status is the end, and is named") {
    for (const unsigned status : {201U, 205U, 206U, 210U, 299U, 400U, 401U, 404U, 410U, 418U}) {
        const verdict got = judge(head_of(status, "text/event-stream"), true);
        CHECK(got.is == verdict::meaning::end);
        CHECK(got.error == errc::unexpected_status);
        CHECK(got.message == std::to_string(status) + " Reason");
    }
}

TEST_CASE("server errors are tried again where that is wanted") {
    for (const unsigned status : {429U, 500U, 502U, 503U, 504U, 599U}) {
        CHECK(judge(head_of(status), false).is == verdict::meaning::end);
        CHECK(judge(head_of(status), true).is == verdict::meaning::retry);
        CHECK(judge(head_of(status), true).error == errc::unexpected_status);
    }
}

TEST_CASE("Retry-After is seconds or a date") {
    const auto now = std::chrono::system_clock::from_time_t(784111777); // 1994-11-06 08:49:37
    CHECK(parse_retry_after("0", now) == 0ms);
    CHECK(parse_retry_after("120", now) == 120s);
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now) == 30s);
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now + 400ms) == 29600ms);
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now) == 0ms);
    CHECK(parse_retry_after("99999999999999999999", now) >= 24h);
    CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now) >= 24h);
    for (const char* neither : {"", "soon", "-1", "1.5", " 1", "Sunday"}) {
        CAPTURE(neither);
        CHECK_FALSE(parse_retry_after(neither, now));
    }
}
