#include "http/reply.hpp"

#include "http/response.hpp"
#include "support/loopback.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::end_reason;
using crier::detail::coding;
using crier::detail::reply;
using crier::test::without_date;

namespace {

const crier::response_fields vary{{"Vary", "Origin"}};

} // namespace

TEST_CASE("a refusal is a whole response, with the fields of CORS, and ends the connection") {
    const reply refused = crier::detail::refuse({406, "not so"}, vary);
    CHECK(refused.reason == end_reason::refused);
    CHECK(without_date(refused.response) == "HTTP/1.1 406 Not Acceptable\r\n"
                                            "Content-Type: text/plain; charset=utf-8\r\n"
                                            "X-Content-Type-Options: nosniff\r\n"
                                            "Vary: Origin\r\n"
                                            "Content-Length: 7\r\n"
                                            "Connection: close\r\n"
                                            "\r\n"
                                            "not so\n");
}

TEST_CASE("who asks with HEAD is told the length of a body that is not sent") {
    const reply refused = crier::detail::refuse({405, "not so"}, {}, {.head_only = true});
    CHECK(refused.response.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
    CHECK(refused.response.ends_with("\r\nContent-Length: 7\r\nConnection: close\r\n\r\n"));
}

TEST_CASE("a refused method is told which one is allowed") {
    CHECK(crier::detail::refuse({405, ""}, {}).response.find("\r\nAllow: GET, HEAD\r\n") !=
          std::string::npos);
    CHECK(crier::detail::refuse({404, ""}, {}).response.find("Allow") == std::string::npos);
}

TEST_CASE("a preflight gets its fields and no body") {
    const reply allowed = crier::detail::allow(vary);
    CHECK(allowed.reason == end_reason::preflight);
    CHECK(without_date(allowed.response) ==
          "HTTP/1.1 204 No Content\r\nVary: Origin\r\nConnection: close\r\n\r\n");
}

TEST_CASE("the time until a client connects again is a chunk of its own after the header") {
    using namespace std::chrono_literals;
    const auto after_header = [](const std::string& opening) {
        return opening.substr(opening.find("\r\n\r\n") + 4);
    };
    CHECK(after_header(crier::detail::stream_opening(coding::chunked, vary, 1500ms)) ==
          "c\r\nretry: 1500\n\r\n");
    CHECK(
        after_header(crier::detail::stream_opening(coding::plain, {}, 1500ms)) == "retry: 1500\n");
    CHECK(after_header(crier::detail::stream_opening(coding::chunked, {}, {})).empty());
    CHECK(crier::detail::stream_opening(coding::chunked, vary, {}).find("\r\nVary: Origin\r\n") !=
          std::string::npos);
}
