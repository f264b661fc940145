#include "client/request.hpp"

#include <crier/client/options.hpp>
#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using crier::errc;
using crier::event_source_options;
using crier::response_info;
using crier::detail::request;

namespace {

request make(const char* url, const event_source_options& options = {}) {
    return request{options.method, {url, options.headers, options.body}};
}

response_info redirect(unsigned status, std::string location) {
    response_info head;
    head.status = status;
    head.headers = {{"Location", std::move(location)}};
    return head;
}

event_source_options post_options() {
    event_source_options options;
    options.method = "POST";
    options.body = "{}";
    options.headers = {{"Authorization", "Bearer x"}, {"Content-Type", "application/json"},
        {"Cookie", "a=b"}, {"X-Api-Key", "y"}, {"Accept-Language", "de"}};
    return options;
}

bool holds(const request& asked, std::string_view line) {
    return asked.text("").find(std::string{"\r\n"}.append(line)) != std::string::npos;
}

} // namespace

TEST_CASE("a request says what the standard wants, and nothing of an id where there is none") {
    CHECK(make("http://h:81/a?b").text("") == "GET /a?b HTTP/1.1\r\n"
                                              "Host: h:81\r\n"
                                              "Accept: text/event-stream\r\n"
                                              "Accept-Encoding: identity\r\n"
                                              "Cache-Control: no-cache\r\n"
                                              "User-Agent: crier\r\n"
                                              "\r\n");
}

TEST_CASE("the last event id goes out as it came") {
    CHECK(make("http://h/").text("\xE2\x80\xA6 7").find("\r\nLast-Event-ID: \xE2\x80\xA6 7\r\n") !=
          std::string::npos);
}

TEST_CASE("own headers are added to crier's, or take their place") {
    event_source_options options;
    options.headers = {{"X-A", "1"}, {"X-A", "2"}, {"cache-control", "no-store"}};
    const request asked = make("http://h/", options);
    CHECK(holds(asked, "X-A: 1\r\nX-A: 2\r\n"));
    CHECK(holds(asked, "cache-control: no-store\r\n"));
    CHECK_FALSE(holds(asked, "Cache-Control:"));
}

TEST_CASE("a body is sent with its length, an empty one where the method has one") {
    CHECK(make("http://h/", post_options()).text("").ends_with("Content-Length: 2\r\n\r\n{}"));
    event_source_options options;
    options.method = "POST";
    CHECK(make("http://h/", options).text("").ends_with("Content-Length: 0\r\n\r\n"));
    options.method = "REPORT";
    options.body = std::string{"x"};
    CHECK(make("http://h/", options).text("").starts_with("REPORT / HTTP/1.1\r\n"));
}

TEST_CASE("what would make another request of it is refused") {
    for (const char* method : {"", "GET /x", "G\r\n", "HEAD", "CONNECT", "TRACE"}) {
        CAPTURE(method);
        event_source_options options;
        options.method = method;
        CHECK_THROWS_AS(make("http://h/", options), std::invalid_argument);
    }
    const crier::header_field fields[] = {{"", "x"}, {"a b", "x"}, {"a:", "x"}, {"a\r\nb", "x"},
        {"a", "x\r\ny: z"}, {"a", "x\ny"}, {"a", std::string{"\0", 1}}, {"Host", "x"},
        {"content-length", "1"}, {"Transfer-Encoding", "chunked"}, {"Connection", "close"},
        {"Last-Event-ID", "1"}};
    for (const crier::header_field& field : fields) {
        CAPTURE(field.name);
        event_source_options options;
        options.headers = {field};
        CHECK_THROWS_AS(make("http://h/", options), std::invalid_argument);
    }
}

TEST_CASE("a redirect within the origin keeps the headers, and is to be followed") {
    request asked = make("https://h/a", post_options());
    CHECK_FALSE(asked.follow(redirect(307, "/b")));
    CHECK(asked.url().text() == "https://h/b");
    CHECK(holds(asked, "Authorization: Bearer x\r\n"));
    CHECK(holds(asked, "X-Api-Key: y\r\n"));
}

TEST_CASE("another origin gets no header that may hold a secret, nor does a later one") {
    request asked = make("https://h/a", post_options());
    CHECK_FALSE(asked.follow(redirect(308, "https://other/b")));
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(holds(asked, "Authorization"));
        CHECK_FALSE(holds(asked, "Cookie"));
        CHECK_FALSE(holds(asked, "X-Api-Key"));
        CHECK(holds(asked, "Content-Type: application/json\r\n"));
        CHECK(holds(asked, "Accept-Language: de\r\n"));
        CHECK_FALSE(asked.follow(redirect(308, "https://h/a")));
    }
}

TEST_CASE("the method and the body go with 307 and 308, and where a POST becomes a GET") {
    for (const unsigned status : {301U, 302U, 303U}) {
        request asked = make("http://h/", post_options());
        CHECK_FALSE(asked.follow(redirect(status, "/x")));
        CHECK(asked.text("").starts_with("GET /x HTTP/1.1\r\n"));
        CHECK(asked.text("").ends_with("\r\n\r\n"));
        CHECK_FALSE(holds(asked, "Content-"));
    }
    for (const unsigned status : {307U, 308U}) {
        request asked = make("http://h/", post_options());
        CHECK_FALSE(asked.follow(redirect(status, "/x")));
        CHECK(asked.text("").starts_with("POST /x HTTP/1.1\r\n"));
        CHECK(asked.text("").ends_with("\r\n\r\n{}"));
    }
    event_source_options report;
    report.method = "REPORT";
    request kept = make("http://h/", report);
    CHECK_FALSE(kept.follow(redirect(301, "/x")));
    CHECK(kept.text("").starts_with("REPORT "));
    CHECK_FALSE(kept.follow(redirect(303, "/x")));
    CHECK(kept.text("").starts_with("GET "));
}

TEST_CASE("a redirect never leads away from TLS") {
    request asked = make("http://h/");
    CHECK_FALSE(asked.follow(redirect(302, "https://h/")));
    CHECK(asked.follow(redirect(302, "http://h/")) == errc::bad_redirect);
}

TEST_CASE("a redirect without a place to go to is an error") {
    for (const char* location : {"", "ftp://h/", "http://", "http://%zz/"}) {
        CAPTURE(location);
        request asked = make("http://h/");
        CHECK(asked.follow(redirect(301, location)) == errc::bad_redirect);
    }
}

TEST_CASE("a redirect that names two places leads to neither") {
    request asked = make("http://h/");
    response_info head = redirect(301, "/x");
    head.headers.push_back({"location", "/y"});
    CHECK(asked.follow(head) == errc::bad_redirect);
    head.headers.back().value = "/x";
    CHECK_FALSE(asked.follow(head));
    CHECK(asked.url().text() == "http://h/x");
}

TEST_CASE("cookies go in one field, after those that were given") {
    CHECK(make("http://h/").text("", "a=1; b=2").find("\r\nCookie: a=1; b=2\r\n") !=
          std::string::npos);
    request own = make("http://h/", post_options());
    CHECK(own.text("", "c=d").find("\r\nCookie: a=b; c=d\r\n") != std::string::npos);
    CHECK_FALSE(own.follow(redirect(308, "http://other/")));
    CHECK(own.text("", "c=d").find("\r\nCookie: c=d\r\n") != std::string::npos);
}

TEST_CASE("what is asked for can be taken apart and put together") {
    const request asked = make("HTTP://h:80/a#b", post_options());
    const crier::stream_request parts = asked.parts();
    CHECK(parts.url == "http://h/a");
    CHECK(request{"POST", parts}.text("1") == asked.text("1"));
}

TEST_CASE("a safe method changes nothing, in the letters of its name") {
    for (const char* method : {"GET", "OPTIONS", "PROPFIND", "QUERY", "REPORT", "SEARCH"}) {
        CHECK(crier::detail::is_safe(method));
    }
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get", "X", ""}) {
        CHECK_FALSE(crier::detail::is_safe(method));
    }
}

TEST_CASE("20 redirects are followed, and no more") {
    request asked = make("http://h/");
    for (int i = 0; i < 20; ++i) {
        CHECK_FALSE(asked.follow(redirect(302, "/x")));
    }
    CHECK(asked.follow(redirect(302, "/x")) == errc::too_many_redirects);
}
