#include "http/decision.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

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
    CHECK(made.retry == 2s);
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
    CHECK(decided({.method = "POST", .target = "/"}).instead->response.find("Allow: GET\r\n") !=
          std::string::npos);
}

TEST_CASE("the gate's reason comes before all others, for a preflight too") {
    for (const request_head& head : {get("/%zz"), preflight(app)}) {
        const decision made = decide(ask_foreign(head), app_is_allowed(), limits);
        CHECK(status(made) == "400");
        CHECK(made.instead->response.ends_with("a request needs one Host\n"));
    }
}

TEST_CASE("HEAD is refused without a body") {
    const decision made = decided({.method = "HEAD", .target = "/"});
    CHECK(status(made) == "405");
    CHECK(made.instead->response.ends_with("\r\n\r\n"));
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
