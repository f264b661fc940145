#include "client/verdict.hpp"

#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

using crier::errc;
using crier::response_info;
using crier::detail::judge;
using crier::detail::parse_retry_after;
using crier::detail::retry_after_of;
using crier::detail::verdict;
using namespace std::chrono_literals;

namespace {

response_info head_of(unsigned status, std::vector<crier::header_field> headers) {
    response_info head;
    head.status = status;
    head.reason = "Reason";
    head.headers = std::move(headers);
    return head;
}

response_info head_of(unsigned status, const std::string& content_type = "") {
    return head_of(status, {{"Content-Type", content_type}});
}

response_info encoded_stream(const std::vector<std::string>& codings) {
    response_info head = head_of(200, "text/event-stream");
    for (const std::string& coding : codings) {
        head.headers.push_back({"content-encoding", coding});
    }
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
        const verdict got = judge(head_of(200, type), false);
        CHECK(got.is == verdict::meaning::end);
        CHECK(got.error == errc::not_event_stream);
        CHECK(got.message.find(type) != got.message.npos);
    }
}

TEST_CASE("what names no coding of the bytes is read, however often it comes") {
    const std::vector<std::string> rows[] = {{}, {""}, {"identity"}, {"Identity"}, {"none"},
        {"NONE"}, {"UTF-8"}, {"identity", "identity"}, {"none, identity"}, {"", "none"},
        {" none ,, identity,"}};
    for (const std::vector<std::string>& codings : rows) {
        CAPTURE(codings.size());
        CHECK(judge(encoded_stream(codings), false).is == verdict::meaning::stream);
    }
}

TEST_CASE("a content coding that was not asked for is the end, wherever it stands") {
    const std::vector<std::string> rows[] = {{"gzip"}, {"x-gzip"}, {"deflate"}, {"br"}, {"zstd"},
        {"compress"}, {"x-compress"}, {"dcb"}, {"dcz"}, {"exi"}, {"pack200-gzip"}, {"aes128gcm"},
        {"unheard-of"}, {"gzip", "identity"}, {"identity", "gzip"}, {"none", "gzip"},
        {"gzip, identity"}, {"identity, br"}, {"none,br"}, {"", "gzip"}, {"identity;q=1"},
        {"identity gzip"}, {"\"none, gzip\""}};
    for (const std::vector<std::string>& codings : rows) {
        CAPTURE(codings.front());
        const verdict got = judge(encoded_stream(codings), false);
        CHECK(got.is == verdict::meaning::end);
        CHECK(got.error == errc::not_event_stream);
        CHECK(got.message.find(codings.front()) != got.message.npos);
    }
}

TEST_CASE("of types that come several times the last valid one counts") {
    const std::string stream = "text/event-stream";
    const auto judged = [](const std::vector<std::string>& types) {
        std::vector<crier::header_field> fields;
        for (const std::string& type : types) {
            fields.push_back({"content-Type", type});
        }
        return judge(head_of(200, fields), false);
    };
    const std::vector<std::string> read[] = {{stream, stream + ";charset=utf-8"},
        {stream + ", " + stream}, {stream, "*/*"}, {stream, ""}, {stream, "x"},
        {"text/html", stream}, {"text/html, " + stream}, {stream + ";a=\"", "text/html"}};
    for (const std::vector<std::string>& types : read) {
        CAPTURE(types.front());
        CHECK(judged(types).is == verdict::meaning::stream);
    }
    const std::vector<std::string> refused[] = {{stream, "text/html"}, {stream + ",text/html"},
        {stream, "*/*", "text/html"}, {"*/*", "text/html; a=\", " + stream + "\""}};
    for (const std::vector<std::string>& types : refused) {
        CAPTURE(types.front());
        const verdict got = judged(types);
        CHECK(got.error == errc::not_event_stream);
        CHECK(got.message.find("text/html") != got.message.npos);
    }
    CHECK(judged({}).message.find("none") != std::string::npos);
}

TEST_CASE("204 is the end for good, as the server wants it") {
    for (const bool standard : {false, true}) {
        const verdict got = judge(head_of(204, "text/event-stream"), standard);
        CHECK(got.is == verdict::meaning::end);
        CHECK(got.error == errc::no_content);
    }
}

TEST_CASE("five statuses are redirects, and no other") {
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        CHECK(judge(head_of(status), false).is == verdict::meaning::redirect);
    }
    for (const unsigned status : {300U, 304U, 305U, 306U}) {
        CHECK(judge(head_of(status), false).is == verdict::meaning::end);
    }
}

TEST_CASE("any other status is the end, and is named") {
    for (const unsigned status : {201U, 205U, 206U, 210U, 299U, 400U, 401U, 404U, 410U, 418U}) {
        const verdict got = judge(head_of(status, "text/event-stream"), false);
        CHECK(got.is == verdict::meaning::end);
        CHECK(got.error == errc::unexpected_status);
        CHECK(got.message == std::to_string(status) + " Reason");
    }
}

TEST_CASE("what a server says is told without its controls") {
    CHECK(
        judge(head_of(200, "a\u009b\u202e\xff"), false).message.find("\"a\\u009b\\u202e\uFFFD\"") !=
        std::string::npos);
    crier::response_info head = head_of(404);
    head.reason = "No\u2028t";
    CHECK(judge(head, false).message == "404 No\\u2028t");
}

TEST_CASE("errors that pass are tried again, but not by the letter of the standard") {
    for (const unsigned status : {408U, 425U, 429U, 500U, 502U, 503U, 504U, 599U}) {
        CAPTURE(status);
        for (const bool standard : {false, true}) {
            const verdict got = judge(head_of(status), standard);
            CHECK(got.is == (standard ? verdict::meaning::end : verdict::meaning::retry));
            CHECK(got.error == errc::unexpected_status);
        }
    }
}

TEST_CASE("of several Retry-After the longest counts") {
    const auto now = std::chrono::system_clock::from_time_t(784111777);
    const auto wait = [now](std::vector<crier::header_field> headers) {
        return retry_after_of(head_of(503, std::move(headers)), now);
    };
    CHECK_FALSE(wait({}));
    CHECK_FALSE(wait({{"Retry-After", "soon"}}));
    CHECK(wait({{"Retry-After", "5"}}) == 5s);
    CHECK(wait({{"Retry-After", "5"}, {"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"},
              {"Retry-After", "soon"}}) == 30s);
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
