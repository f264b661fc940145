#include "client/cookie_jar.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using crier::detail::cookie_jar;
using crier::detail::http_url;
using crier::detail::parse_url;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_seconds now{784111777s}; // 1994-11-06 08:49:37

struct jar : cookie_jar {
    jar& take(const char* url, std::string_view set_cookie, std::chrono::sys_seconds at = now) {
        cookie_jar::take(*parse_url(url), set_cookie, at);
        return *this;
    }

    std::string sent(const char* url, std::chrono::sys_seconds at = now) const {
        return for_request(*parse_url(url), at);
    }
};

} // namespace

TEST_CASE("a cookie goes back to its host, and to no other") {
    const jar kept = jar{}.take("http://h.test/", "SERVERID=a1; path=/");
    CHECK(kept.sent("http://h.test/x?y") == "SERVERID=a1");
    CHECK(kept.sent("https://h.test:8443/") == "SERVERID=a1");
    for (const char* other : {"http://other.test/", "http://x.h.test/", "http://test/"}) {
        CHECK(kept.sent(other).empty());
    }
}

TEST_CASE("a cookie for a domain is kept for the host that sets it alone") {
    for (const char* domain : {"h.test", ".h.test", "a.h.test", "A.H.Test", ""}) {
        CAPTURE(domain);
        const jar kept = jar{}.take("http://a.h.test/", std::string{"a=1; Domain="} + domain);
        CHECK(kept.sent("http://a.h.test/") == "a=1");
        CHECK(kept.sent("http://b.h.test/").empty());
    }
    for (const char* domain : {"other.test", "b.a.h.test", ".test.", "ah.test"}) {
        CAPTURE(domain);
        const jar kept = jar{}.take("http://a.h.test/", std::string{"a=1; Domain="} + domain);
        CHECK(kept.sent("http://a.h.test/").empty());
    }
}

TEST_CASE("a cookie of TLS goes over TLS only, comes from there, and is not replaced without") {
    jar kept = jar{}.take("https://h/", "a=1; secure");
    CHECK(kept.sent("https://h/") == "a=1");
    CHECK(kept.sent("http://h/").empty());
    CHECK(kept.take("http://h/", "a=2").sent("https://h/") == "a=1");
    CHECK(kept.take("http://h/", "b=1; Secure").sent("https://h/") == "a=1");
}

TEST_CASE("a cookie goes to its path and what is below") {
    jar kept;
    kept.take("http://h/", "a=1; Path=/x").take("http://h/x/y/z", "b=2").take("http://h/", "c=3");
    CHECK(kept.sent("http://h/") == "c=3");
    CHECK(kept.sent("http://h/x?q") == "a=1; c=3");
    CHECK(kept.sent("http://h/xy") == "c=3");
    CHECK(kept.sent("http://h/x/y") == "b=2; a=1; c=3");
    CHECK(kept.sent("http://h/x/y/w") == "b=2; a=1; c=3");
    CHECK(jar{}.take("http://h/x", "a=1; Path=y").sent("http://h/") == "a=1");
    CHECK(jar{}.take("http://h/", "a=1; Path=/x/").sent("http://h/x/y") == "a=1");
    CHECK(jar{}.take("http://h/?a/b", "a=1").sent("http://h/") == "a=1");
}

TEST_CASE("a new value takes the place of the old one, of the same name and path") {
    jar kept;
    kept.take("http://h/", "a=1").take("http://h/", "a=2").take("http://h/", "a=3; Path=/x");
    CHECK(kept.sent("http://h/x") == "a=3; a=2");
    CHECK(kept.take("http://h/", "a=").sent("http://h/") == "a=");
}

TEST_CASE("a cookie whose time is over is neither kept nor sent, and deletes") {
    for (const char* over : {"Max-Age=0", "max-age=-1", "Max-Age=-99999999999999999999",
             "Expires=Sun, 06 Nov 1994 08:49:37 GMT", "Expires=Thu, 01-Jan-1970 00:00:00 GMT",
             "Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT"}) {
        CAPTURE(over);
        jar kept = jar{}.take("http://h/", "a=1");
        CHECK(kept.take("http://h/", std::string{"a=1; "} + over).sent("http://h/").empty());
    }
    for (const char* lasting : {"Max-Age=10", "Expires=Sun, 06 Nov 1994 08:49:47 GMT",
             "expires=Sun, 06-Nov-1994 08:49:47 GMT",
             "Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}) {
        CAPTURE(lasting);
        const jar kept = jar{}.take("http://h/", std::string{"a=1; "} + lasting);
        CHECK(kept.sent("http://h/", now + 9s) == "a=1");
        CHECK(kept.sent("http://h/", now + 10s).empty());
    }
    for (const char* endless :
        {"Max-Age=99999999999999999999", "Max-Age=soon", "Max-Age=1x", "Expires=soon",
            "Expires=Fri, 31 Dec 9999 23:59:59 GMT", "HttpOnly; SameSite=Strict"}) {
        CAPTURE(endless);
        const jar kept = jar{}.take("http://h/", std::string{"a=1; "} + endless);
        CHECK(kept.sent("http://h/", now + 24h * 365) == "a=1");
    }
}

TEST_CASE("what is no pair of a name and a value is no cookie") {
    for (const char* none : {"", "a", "=a", " = a; Path=/", ";a=1"}) {
        CAPTURE(none);
        CHECK(jar{}.take("http://h/", none).sent("http://h/").empty());
    }
    CHECK(jar{}.take("http://h/", " a = \"b=c\" ;x").sent("http://h/") == "a=\"b=c\"");
}

TEST_CASE("cookies are bounded in number, and the oldest go first") {
    jar kept;
    for (int i = 0; i < 200; ++i) {
        kept.take("http://h/", std::to_string(i) + "=x");
    }
    const std::string sent = kept.sent("http://h/");
    CHECK(sent.starts_with("150=x; 151=x; "));
    CHECK(sent.ends_with("; 199=x"));
}

TEST_CASE("cookies are bounded in bytes, and one that is too large is none") {
    jar kept;
    const std::string kilobyte(1'000, 'x');
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        kept.take("http://h/", std::string{name} + '=' + kilobyte);
    }
    CHECK(kept.sent("http://h/").starts_with("b=x"));
    CHECK(kept.sent("http://h/").size() < cookie_jar::most_bytes);
    CHECK(
        kept.take("http://h/", "f=" + std::string(4'095, 'x')).sent("http://h/").starts_with("b="));
    CHECK(
        kept.take("http://h/", "f=" + std::string(4'094, 'x')).sent("http://h/").starts_with("f="));
}
