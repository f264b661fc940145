#include "http/asked.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

using crier::request_head;
using crier::detail::ask;
using crier::detail::ask_foreign;

namespace {

using given_fields = std::vector<std::pair<std::string_view, std::string_view>>;

request_head head_with(
    given_fields fields, std::string_view method = "GET", std::string_view target = "/") {
    return {.method = method, .target = target, .fields = std::move(fields)};
}

unsigned status(const std::optional<crier::refusal>& refused) {
    return refused ? refused->status : 0;
}

} // namespace

TEST_CASE("what is asked does not need the head any more") {
    std::string text = "/path?query https://app.example 1.2";
    const std::string_view view = text;
    const auto what =
        ask(head_with({{"origin", view.substr(12, 19)}, {"last-event-id", view.substr(32)}}, "GET",
            view.substr(0, 11)));
    text.assign(text.size(), 'x');
    CHECK(what.path == "/path");
    CHECK(what.query == "query");
    CHECK(what.origin == "https://app.example");
    CHECK(what.last_event_id == "1.2");
}

TEST_CASE("path and query are as they were sent, without scheme and host") {
    for (const auto& [target, path, query] :
        std::vector<std::tuple<const char*, const char*, const char*>>{
            {"/a%20b?c=%20", "/a%20b", "c=%20"}, {"/a", "/a", ""}, {"/a?", "/a", ""},
            {"/a?b?c", "/a", "b?c"}, {"*", "*", ""}, {"http://a:80/b?c", "/b", "c"},
            {"http://a", "/", ""}, {"http://a?b", "/", "b"}, {"a://b//c", "//c", ""},
            {"//a/b", "//a/b", ""}, {"/://a", "/://a", ""}, {"?://a", "/", "://a"},
            {"example:443", "example:443", ""}}) {
        CAPTURE(target);
        const auto what = ask(head_with({}, "GET", target));
        CHECK(what.path == path);
        CHECK(what.query == query);
    }
}

TEST_CASE("several origins are none") {
    CHECK(ask(head_with({})).origin == std::nullopt);
    CHECK(ask(head_with({{"ORIGIN", ""}})).origin == "");
    CHECK(ask(head_with({{"Origin", "a"}, {"origin", "a"}})).origin == std::nullopt);
}

TEST_CASE("a preflight is one whatever its origins are") {
    const given_fields method{{"access-control-request-METHOD", "GET"}};
    given_fields fields = method;
    CHECK_FALSE(ask(head_with(fields, "OPTIONS")).is_preflight);
    fields.emplace_back("Origin", "a");
    CHECK(ask(head_with(fields, "OPTIONS")).is_preflight);
    CHECK_FALSE(ask(head_with(fields, "GET")).is_preflight);
    fields.emplace_back("Origin", "b");
    CHECK(ask(head_with(fields, "OPTIONS")).is_preflight);
}

TEST_CASE("all fields Accept count together") {
    const given_fields html{{"Accept", "text/html"}};
    CHECK(status(ask(head_with(html)).no_stream) == 406);
    CHECK(status(ask(head_with({{"accept", "text/html"}, {"Accept", "*/*"}})).no_stream) == 0);
    CHECK(status(ask(head_with(html, "POST")).no_stream) == 405);
    CHECK(ask(head_with({}, "HEAD")).style.head_only);
    CHECK_FALSE(ask(head_with({})).style.head_only);
    CHECK_FALSE(ask(head_with({})).style.as_json);
    CHECK(ask(head_with({{"Accept", "application/json"}})).style.as_json);
}

TEST_CASE("what another server has parsed is checked as the gate would") {
    CHECK(status(ask_foreign(head_with({{"Host", "a"}})).unsafe) == 0);
    CHECK(status(ask_foreign(head_with({})).unsafe) == 400);
    CHECK(status(ask_foreign(head_with({{"Host", "a"}, {"Content-Length", "1"}})).unsafe) == 400);
    CHECK(status(ask(head_with({})).unsafe) == 0);
}
