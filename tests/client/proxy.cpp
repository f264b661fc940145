#include "client/proxy.hpp"

#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

#include <string_view>

using crier::errc;
using crier::response_info;
using crier::detail::connect_request;
using crier::detail::ending;
using crier::detail::parse_proxy;
using crier::detail::parse_url;
using crier::detail::proxy;
using crier::detail::refusal_of;
using namespace std::chrono_literals;

namespace {

ending refusal(unsigned status, std::string reason = "Why") {
    response_info head;
    head.status = status;
    head.reason = std::move(reason);
    head.headers = {{"Retry-After", "7"}};
    return refusal_of(*parse_proxy("p:3128"), head);
}

} // namespace

TEST_CASE("a proxy is a host and a port, with credentials where there are some") {
    struct row {
        std::string_view text;
        std::string_view url;
        std::string_view authorization;
    };
    constexpr row rows[] = {
        {"http://p:3128", "http://p:3128/", ""},
        {"http://P:3128/", "http://p:3128/", ""},
        {"p:3128", "http://p:3128/", ""},
        {"http://p", "http://p/", ""},
        {"http://[::1]:8080", "http://[::1]:8080/", ""},
        {"http://user:pass@p", "http://p/", "Basic dXNlcjpwYXNz"},
        {"user:pass@p:1", "http://p:1/", "Basic dXNlcjpwYXNz"},
        {"http://user@p", "http://p/", "Basic dXNlcjo="},
        {"http://user:a%3Ab%40%C3%A4@p", "http://p/", "Basic dXNlcjphOmJAw6Q="},
    };
    for (const row& each : rows) {
        CAPTURE(each.text);
        const auto made = parse_proxy(each.text);
        REQUIRE(made.has_value());
        CHECK(made->url.text() == each.url);
        CHECK(made->authorization == each.authorization);
    }
}

TEST_CASE("what is no proxy is refused") {
    for (const std::string_view text :
        {"", "http://", "https://p", "socks5://p:1080", "http://p/path", "http://p/?q",
            "http://p:0", "http://p:99999", "p:111963", "http://p:x", "http://us%0Aer:x@p",
            "http://us%3Aer:x@p", "http://a b", "http://u:p%00@p", "http://u:p w@p"}) {
        CAPTURE(text);
        CHECK(parse_proxy(text).error() == errc::bad_url);
    }
}

TEST_CASE("a tunnel is asked for with host, port and the proxy's own credentials") {
    const auto asking = [](const char* through, const char* to) {
        return connect_request(*parse_proxy(through), *parse_url(to));
    };
    CHECK(asking("p:1", "https://h/secret?q") == "CONNECT h:443 HTTP/1.1\r\n"
                                                 "Host: h:443\r\n"
                                                 "User-Agent: crier\r\n"
                                                 "\r\n");
    CHECK(asking("user:pass@p", "https://[::1]:8443/") ==
          "CONNECT [::1]:8443 HTTP/1.1\r\n"
          "Host: [::1]:8443\r\n"
          "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"
          "User-Agent: crier\r\n"
          "\r\n");
}

TEST_CASE("a refusal says what the proxy has said, and whether to ask again") {
    for (const unsigned status : {302U, 400U, 403U, 404U, 407U}) {
        CHECK(refusal(status).for_good());
    }
    for (const unsigned status : {408U, 429U, 500U, 502U, 503U, 504U}) {
        CHECK_FALSE(refusal(status).for_good());
    }
    const ending told = refusal(503, "Service Unavailable");
    CHECK(told.reason == errc::proxy_refused);
    CHECK(told.message == "proxy p:3128: 503 Service Unavailable");
    CHECK(told.retry_after == 7s);
    CHECK(refusal(403, "").message == "proxy p:3128: 403");
}
