#include "client/no_proxy.hpp"

#include <doctest/doctest.h>

#include <string_view>

using crier::detail::holds_host_of;
using crier::detail::is_loopback;
using crier::detail::parse_url;

namespace {

struct row {
    std::string_view list;
    std::string_view url;
};

bool holds(const row& given) { return holds_host_of(given.list, *parse_url(given.url)); }

} // namespace

TEST_CASE("a list of what needs no proxy holds hosts, domains, addresses, ranges and ports") {
    constexpr row rows[] = {
        {"*", "http://h/"},
        {"a,*", "https://192.0.2.1/"},
        {"example.com", "http://example.com/"},
        {"Example.COM", "http://EXAMPLE.com:81/"},
        {"example.com", "http://a.b.example.com/"},
        {".example.com", "http://example.com/"},
        {".example.com", "http://a.example.com/"},
        {"*.example.com", "http://a.example.com/"},
        {"example.com.", "http://example.com/"},
        {"example.com", "http://a.example.com./"},
        {"a, b\tc\n,,example.com ", "http://example.com/"},
        {"example.com:8080", "http://example.com:8080/"},
        {"example.com:443", "https://a.example.com/"},
        {"*:81", "http://h:81/"},
        {"192.0.2.1", "http://192.0.2.1/"},
        {"192.0.2.1:81", "http://192.0.2.1:81/"},
        {"192.0.2.0/24", "http://192.0.2.255/"},
        {"192.0.2.77/24", "http://192.0.2.1/"},
        {"0.0.0.0/0", "http://192.0.2.1/"},
        {"2001:db8::1", "http://[2001:DB8:0::1]/"},
        {"[2001:db8::1]", "http://[2001:db8::1]/"},
        {"[2001:db8::1]:81", "http://[2001:db8::1]:81/"},
        {"2001:db8::/32", "http://[2001:db8:1::9]/"},
        {"::1", "http://[::1]/"},
    };
    for (const row& each : rows) {
        CAPTURE(each.list);
        CAPTURE(each.url);
        CHECK(holds(each));
    }
}

TEST_CASE("a list of what needs no proxy holds nothing else") {
    constexpr row rows[] = {
        {"", "http://h/"},
        {" , ,", "http://h/"},
        {"example.com", "http://badexample.com/"},
        {"a.example.com", "http://example.com/"},
        {"example.com", "http://example.com.org/"},
        {"*.", "http://h/"},
        {".", "http://h/"},
        {"exam*", "http://example/"},
        {"example.com:8080", "http://example.com/"},
        {"example.com:80", "https://example.com/"},
        {"example.com:", "http://example.com/"},
        {"example.com:x", "http://example.com/"},
        {"*:81", "http://h/"},
        {"2.1", "http://192.0.2.1/"},
        {"192.0.2.1", "http://192.0.2.10/"},
        {"192.0.2.0/24", "http://192.0.3.1/"},
        {"192.0.2.0/33", "http://192.0.2.1/"},
        {"192.0.2.0/", "http://192.0.2.1/"},
        {"192.0.2.0/24", "http://a192.0.2.1/"},
        {"0.0.0.0/0", "http://[::1]/"},
        {"::/0", "http://192.0.2.1/"},
        {"2001:db8::/32", "http://[2001:db9::1]/"},
        {"[2001:db8::1]:81", "http://[2001:db8::1]/"},
        {"[2001:db8::1", "http://[2001:db8::2]/"},
        {"http://h/", "http://h/"},
    };
    for (const row& each : rows) {
        CAPTURE(each.list);
        CAPTURE(each.url);
        CHECK_FALSE(holds(each));
    }
}

TEST_CASE("localhost, what is below it, and addresses of the loopback interface are this machine") {
    for (const std::string_view url : {"http://localhost/", "https://LOCALHOST.:81/",
             "http://a.localhost/", "http://127.0.0.1/", "http://127.9.9.9/", "http://[::1]/"}) {
        CAPTURE(url);
        CHECK(is_loopback(*parse_url(url)));
    }
    for (const std::string_view url : {"http://localhost.example/", "http://notlocalhost/",
             "http://128.0.0.1/", "http://[::2]/", "http://0.0.0.0/"}) {
        CAPTURE(url);
        CHECK_FALSE(is_loopback(*parse_url(url)));
    }
}
