#include <crier/http/topics.hpp>
#include <crier/wire/errc.hpp>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <doctest/doctest.h>

#include <ctime>
#include <string>
#include <utility>
#include <vector>

using crier::errc;
using crier::request_head;
namespace http = boost::beast::http;

namespace {

std::string topic(std::string_view target) {
    return crier::topic_of(request_head{.target = target}).value();
}

std::vector<std::string> topics(std::string_view target) {
    std::vector<std::string> names;
    for (auto& each : crier::topics_of(request_head{.target = target}).value()) {
        names.push_back(std::move(each.name));
    }
    return names;
}

} // namespace

TEST_CASE("the topic of a target is its path, without escapes") {
    for (const auto& [target, expected] : std::vector<std::pair<const char*, std::string>>{
             {"/a", "/a"}, {"/", "/"}, {"/caf%C3%A9", "/caf\u00e9"}, {"/caf%c3%a9", "/caf\u00e9"},
             {"/a%20b+c", "/a b+c"}, {"/%25", "/%"}, {"/%2541", "/%41"}, {"/a%0Ab", "/a\nb"}}) {
        CAPTURE(target);
        CHECK(topic(target) == expected);
    }
}

TEST_CASE("an escaped slash or question mark is one like any other") {
    CHECK(topic("/a%2Fb") == "/a/b");
    CHECK(topic("/a%2fb%3Fc") == "/a/b?c");
    CHECK(topic("/a/%2E%2E/b") == "/a/../b");
}

TEST_CASE("the query belongs to the topic as it was sent, but for the last event id") {
    for (const auto& [target, expected] :
        {std::pair{"/a?b=1&last_event_id=x&c", "/a?b=1&c"}, {"/a?last_event_id=x", "/a"},
            {"/a?b", "/a?b"}, {"/a?", "/a"}, {"/a?last_event_id", "/a"},
            {"/a?last%5Fevent_id=1", "/a"}, {"/a?last_event_ids=1", "/a?last_event_ids=1"},
            {"/%41?x=%41+%zz", "/A?x=%41+%zz"}, {"/a?b?c", "/a?b?c"}, {"/a?&&", "/a?&"}}) {
        CAPTURE(target);
        CHECK(topic(target) == expected);
    }
}

TEST_CASE("a target that a proxy was sent has the topic of its path") {
    CHECK(topic("http://example:80/a%20b?c") == "/a b?c");
    CHECK(topic("HTTPS://example") == "/");
    CHECK(topic("http://example?c=/d") == "/?c=/d");
    CHECK(topic("/http://example/a") == "/http://example/a");
    CHECK(topic("/a?b=http://example/a") == "/a?b=http://example/a");
}

TEST_CASE("a path that is badly escaped names no topic") {
    for (const char* target :
        {"/%", "/%4", "/a%zz", "/%4g", "/%%41", "/%+4", "/%-1", "/% 4", "/%0x41", "/a%?b=41"}) {
        CAPTURE(target);
        CHECK(crier::topic_of(request_head{.target = target}).error() == errc::invalid_topic);
    }
}

TEST_CASE("what is not UTF-8, or holds NUL, is no topic") {
    for (const char* target : {"/%00", "/a%00b", "/%FF", "/%C3", "/%C3/%A9", "/%C0%AF",
             "/%ED%A0%80", "/%F4%90%80%80", "/\xff", "/a?\xff"}) {
        CAPTURE(target);
        CHECK(crier::topic_of(request_head{.target = target}).error() == errc::invalid_topic);
    }
    for (const char* target : {"/?topic=%00", "/?topic=a&topic=%FF", "/?topic=\xc3"}) {
        CAPTURE(target);
        CHECK(crier::topics_of(request_head{.target = target}).error() == errc::invalid_topic);
    }
}

TEST_CASE("a query names topics as a form does, each once") {
    using names = std::vector<std::string>;
    CHECK(topics("/e?topic=a&topic=b%26&x=1&topic=a&topic=") == names{"a", "b&", ""});
    CHECK(topics("/e?t%6Fpic=caf%C3%A9+1&topic=%zz%") == names{"caf\u00e9 1", "%zz%"});
    CHECK(topics("/e?topic") == names{""});
    CHECK(topics("http://topic=a/?topic=b") == names{"b"});
    CHECK(topics("/topic=a").empty());
    CHECK(topics("/e?topics=a").empty());
}

TEST_CASE("many topics in one query take no time that grows with their square") {
    const auto time_of = [](std::size_t count) {
        std::string target = "/e?";
        for (std::size_t i = 0; i < count; ++i) {
            target += "topic=" + std::to_string(i) + '&';
        }
        const std::clock_t begin = std::clock();
        CHECK(topics(target).size() == count);
        return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    };
    constexpr std::size_t many = 30'000;
    CHECK(time_of(many) < 50 * time_of(many / 10) + 0.1);
}

TEST_CASE("a request of Beast is read as its head is") {
    const http::request<http::empty_body> request{http::verb::get, "/caf%C3%A9?topic=a", 11};
    CHECK(crier::topic_of(request).value() == "/caf\u00e9?topic=a");
    CHECK(crier::topics_of(crier::head_of(request)).value().at(0).name == "a");
}

TEST_CASE("the last event id is the field's, or else the query's") {
    request_head head{.target = "/a?x&last_event_id=%41+b%zz%"};
    CHECK(crier::last_event_id_of(head) == "A b%zz%");
    head.fields = {{"last-event-ID", ""}};
    CHECK(crier::last_event_id_of(head) == "A b%zz%");
    head.fields = {{"last-event-ID", ""}, {"Last-Event-ID", "1.2"}, {"Last-Event-ID", "1.3"}};
    CHECK(crier::last_event_id_of(head) == "1.2");
    CHECK(crier::last_event_id_of(request_head{.target = "/a"}).empty());
}
