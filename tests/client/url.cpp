#include "client/url.hpp"

#include <crier/client/event_source.hpp>
#include <crier/wire/errc.hpp>

#include <boost/asio/system_executor.hpp>
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <tuple>

using crier::errc;
using crier::detail::http_url;
using crier::detail::parse_url;
using crier::detail::resolve;
using crier::detail::same_origin;

TEST_CASE("a URL is what a request needs of it") {
    const std::tuple<const char*, bool, const char*, int, const char*, const char*> cases[] = {
        {"http://example.test", false, "example.test", 80, "example.test", "/"},
        {"http://example.test?a=1", false, "example.test", 80, "example.test", "/?a=1"},
        {"https://example.test/a/b?c=d#e", true, "example.test", 443, "example.test", "/a/b?c=d"},
        {"HTTP://Example.TEST:8080/A", false, "example.test", 8080, "example.test:8080", "/A"},
        {"http://example.test:80/", false, "example.test", 80, "example.test", "/"},
        {"https://example.test:80/", true, "example.test", 80, "example.test:80", "/"},
        {"http://example.test:/", false, "example.test", 80, "example.test", "/"},
        {"http://127.0.0.1:1/", false, "127.0.0.1", 1, "127.0.0.1:1", "/"},
        {"http://[::1]:8080/x", false, "::1", 8080, "[::1]:8080", "/x"},
        {"http://h/a b?c=\xC3\xA4|", false, "h", 80, "h", "/a%20b?c=%C3%A4%7C"},
        {"http://h/%20?q=%26", false, "h", 80, "h", "/%20?q=%26"},
        {" http://h/100%?a[]=%zz#[] ", false, "h", 80, "h", "/100%25?a%5B%5D=%25zz"},
        {"http://h?u=http://[x]", false, "h", 80, "h", "/?u=http://%5Bx%5D"},
        {"http://h:65535/", false, "h", 65535, "h:65535", "/"},
        {"http://h:0080/", false, "h", 80, "h", "/"},
        {"http://h/a/../b/%2E/c%2fd/..?/../e", false, "h", 80, "h", "/b/?/../e"},
        {"http://h/../a", false, "h", 80, "h", "/a"},
        {"http://h/a\\..\\b?c\\d", false, "h", 80, "h", "/b?c%5Cd"},
        {"http:\\\\h\\a", false, "h", 80, "h", "/a"},
    };
    for (const auto& [text, secure, host, port, authority, target] : cases) {
        CAPTURE(text);
        const auto url = parse_url(text);
        REQUIRE(url.has_value());
        CHECK(url->secure == secure);
        CHECK(url->host == host);
        CHECK(url->port == port);
        CHECK(url->authority == authority);
        CHECK(url->target == target);
    }
}

TEST_CASE("what is no absolute http or https URL is an error") {
    for (const std::string_view text :
        {"", "/events", "example.test/events", "//example.test/", "ftp://h/", "ws://h/", "http://",
            "http:///x", "http://user@h/", "http://user:password@h/", "http://h:0/",
            "http://h:65536/", "http://h:99999/", "http://h:111963/", "http://h:4294967376/",
            "http://h:18446744073709551696/", "http://h:x/", "http://h\\@g/", "http://h\\a",
            "http://[::1/", "http:h", "http://h:80:80/", "http://%00/", "http://localhost%00.test/",
            "http://.test/", "http://h\xC3\xBC/", "http://a b/"}) {
        CAPTURE(text);
        const auto url = parse_url(text);
        REQUIRE_FALSE(url.has_value());
        CHECK(url.error() == errc::bad_url);
    }
}

TEST_CASE("a location leads from where it was given") {
    const http_url base = *parse_url("https://h:8443/a/b?c=d");
    const std::pair<const char*, const char*> cases[] = {
        {"/x", "https://h:8443/x"},
        {"x", "https://h:8443/a/x"},
        {"../x?y", "https://h:8443/x?y"},
        {"?e=f", "https://h:8443/a/b?e=f"},
        {"//other/x", "https://other/x"},
        {"http://other:81/x#y", "http://other:81/x"},
        {"/a[0]?100%", "https://h:8443/a%5B0%5D?100%25"},
        {"http://[::1]:8080/[]", "http://[::1]:8080/%5B%5D"},
        {"/\xC3\xA4 b", "https://h:8443/%C3%A4%20b"},
        {"/a%2fb%3B%41%7e?%2f", "https://h:8443/a%2fb%3B%41%7e?%2f"},
        {"%2f", "https://h:8443/a/%2f"},
        {"..", "https://h:8443/"},
        {"./", "https://h:8443/a/"},
        {"../../../g", "https://h:8443/g"},
        {"/../g", "https://h:8443/g"},
        {"%2E%2e/g", "https://h:8443/g"},
        {"//other", "https://other/"},
        {"//other/../x", "https://other/x"},
        {"2026:1", "https://h:8443/a/2026:1"},
        {"\\g", "https://h:8443/g"},
        {"/g\\h?i\\j", "https://h:8443/g/h?i%5Cj"},
        {"..\\g", "https://h:8443/g"},
        {"\\\\other\\x", "https://other/x"},
        {"https:g", "https://h:8443/a/g"},
        {"HTTPS:/g", "https://h:8443/g"},
        {"https:?e", "https://h:8443/a/b?e"},
    };
    for (const auto& [location, expected] : cases) {
        CAPTURE(location);
        const auto url = resolve(base, location);
        REQUIRE(url.has_value());
        CHECK(url->text() == expected);
    }
    for (const std::string_view location :
        {"", "#c", "ftp://h/", "http://", "http://u:p@h/", "http://%zz/", "///x",
            "https:", "http:g", "javascript:g", "http://h:99999/", "//h:111963/", "//h\\@g/"}) {
        CAPTURE(location);
        CHECK_FALSE(resolve(base, location).has_value());
    }
}

TEST_CASE("a URL that is none is told without its controls") {
    const std::string text = "http://\u009b\n\xff/";
    try {
        crier::event_source{boost::asio::system_executor{}, text};
        FAIL("taken");
    } catch (const std::invalid_argument& error) {
        CHECK(std::string{error.what()}.starts_with("\"http://\\u009b\\n\uFFFD/\": "));
    }
}

TEST_CASE("a location leads to a path from where there was none") {
    CHECK(resolve(*parse_url("http://h?a/b"), "x")->text() == "http://h/x");
    CHECK(resolve(*parse_url("http://h?a/b"), "?y")->text() == "http://h/?y");
}

TEST_CASE("an origin is scheme, host and port") {
    const auto same = [](const char* a, const char* b) {
        return same_origin(*parse_url(a), *parse_url(b));
    };
    CHECK(same("http://h/a", "http://H:80/b?c"));
    CHECK_FALSE(same("http://h/", "https://h/"));
    CHECK_FALSE(same("http://h/", "http://g/"));
    CHECK_FALSE(same("http://h/", "http://h:81/"));
    CHECK_FALSE(same("http://h:443/", "https://h/"));
}
