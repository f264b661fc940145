#include <crier/http/cors.hpp>

#include <boost/beast/http/string_body.hpp>
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using crier::check_options;
using crier::cors_fields;
using crier::cors_options;
using crier::preflight_fields;
using crier::request_head;
using namespace std::chrono_literals;

namespace {

const std::string app = "https://app.example";
const std::string preflight_vary =
    "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\n";

cors_options allow(std::vector<std::string> origins, bool credentials = false) {
    cors_options options;
    options.origins = std::move(origins);
    options.credentials = credentials;
    return options;
}

using given_fields = std::vector<std::pair<std::string_view, std::string_view>>;

request_head get(given_fields fields) {
    return {.method = "GET", .target = "/", .fields = std::move(fields)};
}

request_head preflight(std::string_view origin, std::string_view headers = "") {
    return {.method = "OPTIONS",
        .target = "/",
        .fields = {{"origin", origin}, {"access-control-request-method", "GET"},
            {"access-control-request-headers", headers}}};
}

std::string text(const crier::response_fields& fields) {
    std::string lines;
    for (const auto& [name, value] : fields) {
        lines.append(name).append(": ").append(value).append("\n");
    }
    return lines;
}

/// What is said against the options; nothing: they are fine.
std::string problem(const cors_options& options) {
    try {
        check_options(options);
        return "";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

} // namespace

TEST_CASE("without origins no field is sent") {
    CHECK(cors_fields({}, get({{"Origin", app}})).empty());
    CHECK(preflight_fields({}, preflight(app)).empty());
}

TEST_CASE("an allowed origin gets itself back, however the field's name is written") {
    const cors_options options = allow({"https://first.example", app});
    for (const char* name : {"Origin", "origin", "ORIGIN"}) {
        CHECK(text(cors_fields(options, get({{name, app}}))) ==
              "Access-Control-Allow-Origin: " + app + "\nVary: Origin\n");
    }
}

TEST_CASE("with credentials it is told that they are allowed, and only then") {
    const cors_options options = allow({app}, true);
    CHECK(text(cors_fields(options, get({{"Origin", app}}))) ==
          "Access-Control-Allow-Origin: " + app +
              "\nAccess-Control-Allow-Credentials: true\nVary: Origin\n");
    CHECK(text(cors_fields(options, get({{"Origin", "https://b.example"}}))) == "Vary: Origin\n");
}

TEST_CASE("what is not exactly an allowed origin gets Vary alone, and so does none") {
    const cors_options options = allow({app, "http://localhost:3000"});
    CHECK(text(cors_fields(options, get({}))) == "Vary: Origin\n");
    for (const char* origin : {"", "null", "*", "https://APP.example", "HTTPS://app.example",
             "http://app.example", "https://app.example/", "https://app.example:443",
             "https://app.example.evil.example", "https://evil.example/https://app.example",
             "https://app.exampl", "https://xapp.example", "https://app.example, https://b.example",
             "https://app.example https://app.example", "http://localhost", "http://localhost:300",
             "https://app.example\r\nX: y"}) {
        CAPTURE(origin);
        CHECK(text(cors_fields(options, get({{"Origin", origin}}))) == "Vary: Origin\n");
        CHECK(crier::check_preflight(options, preflight(origin)));
        CHECK(text(preflight_fields(options, preflight(origin))) == preflight_vary);
    }
    const std::string huge(1'000'000, 'x');
    CHECK(text(cors_fields(options, get({{"Origin", huge}}))) == "Vary: Origin\n");
}

TEST_CASE("a repeated Origin is none that is allowed") {
    const cors_options options = allow({app});
    CHECK(text(cors_fields(options, get({{"Origin", app}, {"Origin", app}}))) == "Vary: Origin\n");
    CHECK(text(cors_fields(options, get({{"Origin", app}, {"origin", "https://b.example"}}))) ==
          "Vary: Origin\n");
}

TEST_CASE("the star allows every page the same, so that caches need no Vary") {
    const cors_options options = allow({"*"});
    for (const given_fields& fields :
        {given_fields{}, {{"Origin", app}}, {{"Origin", "null"}}, {{"Origin", "\r\nX: y"}}}) {
        CHECK(text(cors_fields(options, get(fields))) == "Access-Control-Allow-Origin: *\n");
    }
    CHECK_FALSE(crier::check_preflight(options, preflight("null")));
}

TEST_CASE("a preflight is OPTIONS with an origin and the method asked for") {
    const auto is_preflight = [](std::string_view method, const given_fields& fields) {
        return crier::is_preflight({.method = method, .target = "/", .fields = fields});
    };
    const given_fields both{{"ORIGIN", app}, {"access-control-REQUEST-method", "GET"}};
    CHECK(is_preflight("OPTIONS", both));
    CHECK(is_preflight("OPTIONS", {{"Origin", ""}, {"Access-Control-Request-Method", ""}}));
    CHECK_FALSE(is_preflight("GET", both));
    CHECK_FALSE(is_preflight("options", both));
    CHECK_FALSE(is_preflight("OPTIONS", {}));
    CHECK_FALSE(is_preflight("OPTIONS", {{"Origin", app}}));
    CHECK_FALSE(is_preflight("OPTIONS", {{"Access-Control-Request-Method", "GET"}}));
    CHECK_FALSE(
        is_preflight("OPTIONS", {{"Origin", app}, {"Access-Control-Request-Headers", "x"}}));
}

TEST_CASE("a preflight is told what is allowed, whatever it asks for") {
    cors_options options = allow({app}, true);
    options.headers = {"Authorization", "last-event-id", "X-Trace"};
    options.methods = {"PUT", "GET"};
    options.max_age = 10min;
    const std::string expected = "Access-Control-Allow-Origin: " + app +
                                 "\n"
                                 "Access-Control-Allow-Credentials: true\n"
                                 "Access-Control-Allow-Methods: GET, HEAD, POST, PUT\n"
                                 "Access-Control-Allow-Headers: Last-Event-ID, Authorization, "
                                 "X-Trace\n"
                                 "Access-Control-Max-Age: 600\n" +
                                 preflight_vary;
    for (const char* asked : {"", "last-event-id", "x-other, x-another", "a\r\nb: c"}) {
        CHECK_FALSE(crier::check_preflight(options, preflight(app, asked)));
        CHECK(text(preflight_fields(options, preflight(app, asked))) == expected);
    }
}

TEST_CASE(
    "by default a preflight allows GET with Last-Event-ID, for as long as Chrome remembers it") {
    const std::string expected = "Access-Control-Allow-Origin: *\n"
                                 "Access-Control-Allow-Methods: GET, HEAD, POST\n"
                                 "Access-Control-Allow-Headers: Last-Event-ID\n"
                                 "Access-Control-Max-Age: 7200\n" +
                                 preflight_vary;
    CHECK(text(preflight_fields(allow({"*"}), preflight(app))) == expected);
}

TEST_CASE("the origins that browsers send are taken") {
    for (const char* origin : {"https://app.example", "http://localhost:3000", "http://127.0.0.1",
             "https://[2001:db8::1]:8443", "http://[::1]", "https://xn--bcher-kva.example",
             "https://a_b.example", "http://a:443", "https://a:80", "https://a:65535",
             "chrome-extension://abcdefghijklmnop", "capacitor://localhost"}) {
        CAPTURE(origin);
        CHECK(problem(allow({origin})).empty());
    }
    CHECK(problem({}).empty());
    CHECK(problem(allow({"*"})).empty());
    CHECK(problem(allow({app, "http://localhost:3000", app}, true)).empty());
}

TEST_CASE("an origin that no browser sends is refused, with the one that was meant") {
    for (const auto& [origin, right] :
        std::vector<std::pair<const char*, std::string>>{{"https://app.example/", app},
            {"https://app.example/events?a=b", app}, {"https://app.example?a", app},
            {"https://app.example#a", app}, {"https://App.Example", app},
            {"HTTPS://app.example", app}, {"https://app.example:443", app},
            {"https://app.example:443/", app}, {" https://app.example", app},
            {"http://a:80", "http://a"}, {"http://[::1]:80/", "http://[::1]"}}) {
        CAPTURE(origin);
        CHECK(problem(allow({app, origin})) ==
              std::string{"cors: \""} + origin +
                  "\" is not how a browser sends an origin; write \"" + right + '"');
    }
}

TEST_CASE("what is no origin at all is refused, with examples") {
    for (const char* origin : {"", " ", "app.example", "localhost:3000", "//app.example",
             "https:", "https://", "https:///path", "://app.example", "https://*.example",
             "https://*", "https://user@app.example", "https://a b", "https://a,https://b",
             "https://b\xc3\xbc", "https://a:", "https://a:0", "https://a:080", "https://a:65536",
             "https://a:b", "https://a:1:2", "https://[::1", "https://[::1]a", "https://[]",
             "https://[g]", "https://::1", "https://a\r\nX: y", "ht tp://a"}) {
        CAPTURE(origin);
        CHECK(problem(allow({origin})) ==
              std::string{"cors: \""} + origin +
                  "\" is not an origin; write each as a browser sends it, such as "
                  "\"https://app.example\" or \"http://localhost:3000\"");
    }
    CHECK(problem(allow({"null"})).starts_with("cors: the origin \"null\" is that of every "));
}

TEST_CASE("the star stands alone and without credentials") {
    CHECK(problem(allow({"*", app})) ==
          "cors: \"*\" allows every origin already; leave out the others, or \"*\"");
    CHECK(problem(allow({app, "*"})).find("leave out") != std::string::npos);
    CHECK(problem(allow({"*"}, true)) ==
          "cors: browsers do not accept \"*\" with credentials; name the origins");
}

TEST_CASE("headers and methods are names, and a negative time is none") {
    const auto refused = [](auto&& change) {
        cors_options options = allow({app});
        change(options);
        return !problem(options).empty();
    };
    for (const char* name : {"", "a b", "a,b", "a:", "a\r\nb", "\xc3\xbc"}) {
        CAPTURE(name);
        CHECK(refused([&](cors_options& options) { options.headers = {"ok", name}; }));
        CHECK(refused([&](cors_options& options) { options.methods = {"GET", name}; }));
    }
    CHECK(refused([](cors_options& options) { options.methods = {"put"}; }));
    CHECK(refused([](cors_options& options) { options.max_age = -1s; }));
    CHECK_FALSE(refused([](cors_options& options) { options.max_age = 0s; }));
    CHECK_FALSE(refused([](cors_options& options) { options.headers = {"*"}; }));
    CHECK(refused([](cors_options& options) {
        options.headers = {"*"};
        options.credentials = true;
    }));
}

TEST_CASE("fields replace those of a response, but its Vary stays") {
    boost::beast::http::response<boost::beast::http::string_body> response;
    response.set("Vary", "Accept-Encoding");
    response.set("access-control-allow-origin", "https://old.example");
    crier::set_fields(response, cors_fields(allow({app}), get({{"Origin", app}})));
    CHECK(response["Access-Control-Allow-Origin"] == app);
    CHECK(response.count("Access-Control-Allow-Origin") == 1);
    CHECK(response.count("Vary") == 2);
}
