#include "client/route.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using crier::event_source_options;
using crier::detail::failure;
using crier::detail::parse_url;
using crier::detail::route;
using crier::detail::routes;
using crier::detail::variable_of_process;

namespace {

using environment = std::map<std::string, std::string>;

routes::environment reader_of(const environment& variables) {
    return [&variables](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? "" : found->second;
    };
}

/// The port of the proxy that a URL is reached through; none where it is reached directly.
std::optional<int> proxy_port(
    const environment& variables, const event_source_options& options, std::string_view url) {
    const route way = routes{options, reader_of(variables)}.to(*parse_url(url));
    return way.through ? std::optional<int>{way.through->url.port} : std::nullopt;
}

event_source_options with_proxy(std::string url, std::string no_proxy = {}) {
    event_source_options options;
    options.proxy.url = std::move(url);
    options.proxy.no_proxy = std::move(no_proxy);
    return options;
}

/// What the error says where options make no sense.
std::string fault(const event_source_options& options) {
    try {
        const routes made{options, reader_of({})};
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("the environment names the proxies, each for its scheme") {
    const environment both{{"http_proxy", "p:1"}, {"https_proxy", "http://p:2"}};
    CHECK(proxy_port(both, {}, "http://h/") == 1);
    CHECK(proxy_port(both, {}, "https://h/") == 2);
    CHECK_FALSE(proxy_port({}, {}, "https://h/"));
    CHECK_FALSE(proxy_port({{"http_proxy", "p:1"}}, {}, "https://h/"));
    CHECK_FALSE(proxy_port({{"http_proxy", ""}}, {}, "http://h/"));
}

TEST_CASE("names in capitals count, after others, but never HTTP_PROXY") {
    CHECK(proxy_port({{"HTTPS_PROXY", "p:1"}}, {}, "https://h/") == 1);
    CHECK(proxy_port({{"https_proxy", "p:2"}, {"HTTPS_PROXY", "p:1"}}, {}, "https://h/") == 2);
    CHECK(proxy_port({{"https_proxy", ""}, {"HTTPS_PROXY", "p:1"}}, {}, "https://h/") == 1);
    CHECK_FALSE(proxy_port({{"HTTP_PROXY", "p:1"}}, {}, "http://h/"));
}

TEST_CASE("what the environment excepts is reached directly, and this machine always") {
    const environment lower{{"http_proxy", "p:1"}, {"no_proxy", "a.test"}, {"NO_PROXY", "b.test"}};
    CHECK_FALSE(proxy_port(lower, {}, "http://a.test/"));
    CHECK(proxy_port(lower, {}, "http://b.test/") == 1);
    CHECK_FALSE(proxy_port({{"http_proxy", "p:1"}, {"NO_PROXY", "b.test"}}, {}, "http://b.test/"));
    CHECK_FALSE(proxy_port(lower, {}, "http://localhost:8080/"));
    CHECK_FALSE(proxy_port(lower, {}, "http://127.0.0.1/"));
    CHECK_FALSE(proxy_port(lower, {}, "http://[::1]/"));
}

TEST_CASE("a proxy of the options is for all URLs, whatever proxies the environment names") {
    const environment variables{{"http_proxy", "p:1"}, {"https_proxy", "no proxy at all"}};
    for (const char* const url : {"http://h/", "https://h/", "http://localhost/"}) {
        CHECK(proxy_port(variables, with_proxy("q:9"), url) == 9);
    }
}

TEST_CASE("what the options except takes the place of what the environment does") {
    const environment variables{{"http_proxy", "p:1"}, {"no_proxy", "a.test"}};
    CHECK_FALSE(proxy_port(variables, with_proxy("q:9"), "http://a.test/"));
    CHECK(proxy_port(variables, with_proxy("q:9", "b.test"), "http://a.test/") == 9);
    CHECK_FALSE(proxy_port(variables, with_proxy("q:9", "b.test"), "http://b.test/"));
    CHECK_FALSE(proxy_port(variables, with_proxy("", "b.test"), "http://b.test/"));
    CHECK(proxy_port(variables, with_proxy("", "b.test"), "http://a.test/") == 1);
}

TEST_CASE("nothing of an environment counts that is not to be read") {
    const environment variables{{"http_proxy", "p:1"}, {"no_proxy", "*"}, {"https_proxy", "::"}};
    event_source_options options;
    options.proxy.use_environment = false;
    CHECK_FALSE(proxy_port(variables, options, "http://h/"));
    options.proxy.url = "q:9";
    CHECK(proxy_port(variables, options, "http://h/") == 9);
}

TEST_CASE("all URLs are reached over a Unix socket where there is one") {
    event_source_options options = with_proxy("q:9");
    options.unix_socket = "/run/server";
    const environment variables{{"http_proxy", "no proxy at all"}};
    for (const char* const url : {"http://h/", "https://h:81/"}) {
        const route way = routes{options, reader_of(variables)}.to(*parse_url(url));
        CHECK(way.unix_socket == "/run/server");
        CHECK_FALSE(way.through);
    }
}

TEST_CASE("a proxy that makes no sense is refused by the name of its place, without its password") {
    CHECK(fault(with_proxy("ftp://u:secret@q")).starts_with("proxy must be "));
    CHECK(fault(with_proxy("u:secret@q")).empty());
    const environment variables{{"https_proxy", "socks5://u:secret@q"}};
    const routes made{{}, reader_of(variables)};
    try {
        made.to(*parse_url("https://h/"));
        FAIL("no error");
    } catch (const failure& error) {
        CHECK(error.why.message.starts_with("https_proxy must be "));
        CHECK(error.why.message.find("secret") == std::string::npos);
        CHECK(error.why.for_good());
    }
    CHECK_NOTHROW(made.to(*parse_url("http://h/"))); // it is not for these
    CHECK_NOTHROW(made.to(*parse_url("https://localhost/")));
}

TEST_CASE("a path that no Unix socket can have is refused") {
    event_source_options options;
    options.unix_socket = std::string(107, 'x');
    CHECK(fault(options).empty());
    options.unix_socket += 'x';
    CHECK(fault(options).starts_with("unix_socket: "));
    options.unix_socket = std::string{"a\0b", 3};
    CHECK(fault(options).starts_with("unix_socket: "));
}

TEST_CASE("the environment is that of the process") {
    CHECK(variable_of_process("CRIER_TEST_THAT_NOBODY_SETS").empty());
    CHECK(variable_of_process("PATH") == std::getenv("PATH"));
}
