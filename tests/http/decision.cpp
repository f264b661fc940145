#include "http/decision.hpp"

#include "support/loopback.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

using crier::end_reason;
using crier::request_head;
using crier::serve_options;
using crier::detail::ask;
using crier::detail::ask_foreign;
using crier::detail::coding;
using crier::detail::decide;
using crier::detail::decision;
using crier::test::without_date;
using namespace std::chrono_literals;

namespace {

const crier::manager_options limits{.topics_limit = 3};
constexpr std::string_view app = "https://app.example";

using given_fields = std::vector<std::pair<std::string_view, std::string_view>>;

request_head get(std::string_view target = "/", given_fields fields = {}) {
    return {.method = "GET", .target = target, .fields = std::move(fields)};
}

request_head preflight(std::string_view origin) {
    return {.method = "OPTIONS",
        .target = "/",
        .fields = {{"Origin", origin}, {"Access-Control-Request-Method", "GET"}}};
}

serve_options app_is_allowed() {
    serve_options options;
    options.cors.origins = {std::string{app}};
    return options;
}

decision decided(const request_head& head, serve_options options = {}) {
    return decide(ask(head), std::move(options), limits);
}

/// The status that is replied in place of a stream; "": a stream.
std::string status(const decision& made) {
    return made.instead ? made.instead->response.substr(9, 3) : "";
}

std::string text(const crier::response_fields& fields) {
    std::string lines;
    for (const auto& [name, value] : fields) {
        lines.append(name).append(": ").append(value).append("\n");
    }
    return lines;
}

} // namespace

TEST_CASE("a stream has the topic of the request, or that of the options") {
    CHECK(decided(get("/caf%C3%A9?x")).topics.at(0).name == "/caf\u00e9?x");
    serve_options options;
    options.topic = std::string{"a"};
    options.only_changes = true;
    const decision one = decided(get("/%zz"), options);
    REQUIRE(one.topics.size() == 1);
    CHECK(one.topics[0].name == "a");
    CHECK(one.topics[0].only_changes);
    options.topics.resize(2);
    options.topics[1].name = std::string{"b"};
    const decision several = decided(get(), options);
    REQUIRE(several.topics.size() == 2);
    CHECK(several.topics[1].name == "b");
    CHECK_FALSE(several.topics[1].only_changes);
}

TEST_CASE("a stream gets what request and options say of it") {
    serve_options options = app_is_allowed();
    options.retry = 2s;
    options.queue.emplace();
    options.queue->events = 7;
    request_head head = get("/", {{"Last-Event-ID", "1.2"}, {"Origin", app}});
    const decision made = decided(head, options);
    CHECK(status(made).empty());
    CHECK(made.as == coding::chunked);
    CHECK(made.opening.ends_with("retry: 2000\n\r\n"));
    CHECK(made.options.queue->events == 7);
    CHECK(made.options.last_event_id == "1.2");
    CHECK(text(made.fields) == "Access-Control-Allow-Origin: https://app.example\nVary: Origin\n");
    head.version = 10;
    CHECK(decided(head).as == coding::plain);
}

TEST_CASE("what is no request for a stream is refused, the first reason first") {
    serve_options too_many;
    too_many.topics.resize(limits.topics_limit + 1);
    for (const auto& [head, options, expected] :
        std::vector<std::tuple<request_head, serve_options, std::string>>{
            {{.method = "POST", .target = "/%zz"}, {}, "405"},
            {get("/%zz", {{"Accept", "text/html"}}), {}, "406"}, {get("/%zz"), {}, "400"},
            {get("/%00"), {}, "400"}, {get(), too_many, "400"}}) {
        const decision made = decided(head, options);
        CHECK(status(made) == expected);
        REQUIRE(made.instead);
        CHECK(made.instead->reason == end_reason::refused);
    }
    CHECK(decided(get("/%zz"))
            .instead->response.ends_with(
                "\r\n\r\n" + make_error_code(crier::errc::invalid_topic).message() + '\n'));
    CHECK(
        decided({.method = "POST", .target = "/"}).instead->response.find("Allow: GET, HEAD\r\n") !=
        std::string::npos);
}

TEST_CASE("the gate's reason comes before all others, for a preflight too") {
    for (const request_head& head : {get("/%zz"), preflight(app)}) {
        const decision made = decide(ask_foreign(head), app_is_allowed(), limits);
        CHECK(status(made) == "400");
        CHECK(made.instead->response.ends_with("a request needs one Host\n"));
    }
}

TEST_CASE("HEAD gets the header that GET would get, and no stream") {
    serve_options options = app_is_allowed();
    options.fields = {{"X-Node", "7"}};
    options.retry = 2s;
    const decision stream = decided(get("/a"), options);
    const decision made = decided({.method = "HEAD", .target = "/a"}, options);
    REQUIRE(made.instead);
    CHECK(made.instead->reason == end_reason::head);
    CHECK(without_date(made.instead->response) + "c\r\nretry: 2000\n\r\n" ==
          without_date(stream.opening));
    CHECK(made.topics.empty());
    const decision refused = decided({.method = "HEAD", .target = "/%zz"});
    CHECK(status(refused) == "400");
    CHECK(refused.instead->response.ends_with("\r\n\r\n"));
}

TEST_CASE("the header has further fields, which replace the usual ones") {
    CHECK(without_date(decided(get()).opening) == "HTTP/1.1 200 OK\r\n"
                                                  "Content-Type: text/event-stream\r\n"
                                                  "Cache-Control: no-cache, no-transform\r\n"
                                                  "Incremental: ?1\r\n"
                                                  "X-Accel-Buffering: no\r\n"
                                                  "X-Content-Type-Options: nosniff\r\n"
                                                  "Transfer-Encoding: chunked\r\n"
                                                  "Connection: close\r\n\r\n");
    serve_options options;
    options.fields = {{"cache-control", "no-store"}, {"X-Accel-Buffering", "yes"},
        {"Vary", "Cookie"}, {"Set-Cookie", "a=b"}, {"Set-Cookie", "c=d"}};
    CHECK(without_date(decided(get(), options).opening) == "HTTP/1.1 200 OK\r\n"
                                                           "Content-Type: text/event-stream\r\n"
                                                           "Incremental: ?1\r\n"
                                                           "X-Content-Type-Options: nosniff\r\n"
                                                           "cache-control: no-store\r\n"
                                                           "X-Accel-Buffering: yes\r\n"
                                                           "Vary: Cookie\r\n"
                                                           "Set-Cookie: a=b\r\n"
                                                           "Set-Cookie: c=d\r\n"
                                                           "Transfer-Encoding: chunked\r\n"
                                                           "Connection: close\r\n\r\n");
}

TEST_CASE("fields that would harm the response are no options") {
    for (const crier::response_field& field : {crier::response_field{"X", "a\r\nY: b"},
             crier::response_field{"X y", ""}, crier::response_field{"content-length", "1"},
             crier::response_field{"Connection", "keep-alive"},
             crier::response_field{"Content-Encoding", "gzip"},
             crier::response_field{"Content-Type", "text/html"},
             crier::response_field{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
             crier::response_field{"Transfer-Encoding", "gzip"}}) {
        serve_options options;
        options.fields = {field};
        CHECK_THROWS_AS(check_options(options), std::invalid_argument);
    }
}

TEST_CASE("a refusal is problem details for who prefers JSON") {
    const decision made = decided({.method = "POST",
        .target = "/",
        .fields = {{"Accept", "application/json, text/event-stream"}}});
    CHECK(
        without_date(made.instead->response) ==
        "HTTP/1.1 405 Method Not Allowed\r\n"
        "Content-Type: application/problem+json\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Allow: GET, HEAD\r\n"
        "Content-Length: 98\r\n"
        "Connection: close\r\n\r\n"
        R"({"title":"Method Not Allowed","status":405,"detail":"an event stream must be requested with GET"})"
        "\n");
}

TEST_CASE("a preflight is answered where origins are allowed") {
    const decision allowed = decided(preflight(app), app_is_allowed());
    CHECK(status(allowed) == "204");
    CHECK(allowed.instead->reason == end_reason::preflight);
    const decision refused = decided(preflight("https://b.example"), app_is_allowed());
    CHECK(status(refused) == "403");
    CHECK(refused.instead->reason == end_reason::refused);
    CHECK(status(decided(preflight(app))) == "405");
}

TEST_CASE("fields that were decided before hold where the options allow no origins") {
    const crier::response_fields before{{"Vary", "before"}};
    const auto decided_with = [&](serve_options options) {
        return decide(ask(get()), std::move(options), limits, before);
    };
    CHECK(text(decided_with({}).fields) == "Vary: before\n");
    CHECK(text(decided_with(app_is_allowed()).fields) == "Vary: Origin\n");
    const decision refused = decide(ask({.method = "POST", .target = "/"}), {}, limits, before);
    CHECK(refused.instead->response.find("Vary: before\r\n") != std::string::npos);
}
