#include "journal/nats_pages.hpp"

#include <crier/wire/errc.hpp>

#include "support/nats_feeder.hpp"
#include "support/nats_server.hpp"
#include "support/shown_entry.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

using namespace crier::test;
using crier::journal_action;
using crier::journal_page;
using crier::journal_record;
using crier::retention;
using crier::detail::nats_pages;

namespace {

constexpr nats_pages::limits all{1'000, 1'000'000};

/// The data of events with spaces between, and what the others do.
std::string contents(const journal_page& of) {
    std::string result;
    for (const journal_record& each : of.records) {
        result += (result.empty() ? "" : " ") + crier::test::shown(each);
    }
    return result;
}

class reader {
public:
    explicit reader(const nats_pages& from) : from_{from} {}

    journal_page read(
        std::string_view topic, std::uint64_t after = 0, nats_pages::limits most = all) const {
        auto page = from_.read(topic, after, most);
        REQUIRE_MESSAGE(page.has_value(), page.error().message());
        return *std::move(page);
    }

    journal_page retained(
        std::string_view topic, std::uint64_t after = 0, nats_pages::limits most = all) const {
        auto page = from_.read_retained(topic, after, most);
        REQUIRE_MESSAGE(page.has_value(), page.error().message());
        return *std::move(page);
    }

private:
    const nats_pages& from_;
};

/// A stream, and what reads it.
struct stream_s {
    nats_server server{};
    nats_feeder to{{.url = server.url(), .stream = "s"}};
    nats_pages pages{to.stream()};
    reader from{pages};
};

} // namespace

TEST_CASE("what was appended is read, in its order, after a number") {
    stream_s with;
    const auto before = std::chrono::system_clock::now();
    const auto first = with.to.put("a b", "x", {.key = "k", .own_id = "own", .only_changes = true});
    with.to.put("b", "two");
    with.to.put("a b", "three");
    with.to.act("a b", journal_action::end_streams);
    const auto last = with.to.put("b", "five");

    const auto page = with.from.read("a b");
    CHECK(contents(page) == "x three (end)");
    CHECK(page.records[0].sequence == first);
    CHECK(page.records[0].key == "k");
    CHECK(page.records[0].text == "data: x\nid: own\n\n");
    CHECK(page.records[0].has_own_id);
    CHECK(page.records[0].only_changes);
    CHECK(page.records[0].at > before - std::chrono::seconds{1});
    CHECK(page.records[0].at < before + std::chrono::seconds{5});
    CHECK(page.through == last);
    CHECK(page.evicted_through == 0);
    CHECK(contents(with.from.read("a b", first)) == "three (end)");
    CHECK(with.from.read("none").through == last);
    CHECK(with.from.read("none").records.empty());
    CHECK(with.from.read("none").evicted_through == 0);
    CHECK(with.from.read("b", ~std::uint64_t{0}).records.empty());
}

TEST_CASE("a page ends by its events or its bytes, and the next one goes on from there") {
    stream_s with;
    for (const char* data : {"a", "b", "c", "d", "e"}) {
        with.to.put("t", data); // 9 bytes of text
    }
    CHECK(contents(with.from.read("t", 0, {2, 1'000})) == "a b");
    CHECK(with.from.read("t", 0, {2, 1'000}).through == 2);
    CHECK(contents(with.from.read("t", 2, {2, 1'000})) == "c d");
    CHECK(contents(with.from.read("t", 4, {2, 1'000})) == "e");
    CHECK(with.from.read("t", 3, {2, 1'000}).through == 5);
    CHECK(contents(with.from.read("t", 0, {9, 10})) == "a b");
    CHECK(contents(with.from.read("t", 0, {9, 9})) == "a");
    CHECK(contents(with.from.read("t", 0, {9, 0})) == "a");
    CHECK(with.from.read("t", 3, {0, 9}).records.empty());
    CHECK(with.from.read("t", 3, {0, 9}).through == 3);
}

TEST_CASE("more is read than a server sends at once, and events of any size") {
    stream_s with;
    const std::string large(600'000, 'x');
    for (int i = 0; i < 300; ++i) {
        with.to.put("t", i % 100 == 50 ? std::string_view{large} : "x");
    }
    const auto page = with.from.read("t", 0, {1'000, 100'000'000});
    REQUIRE(page.records.size() == 300);
    for (std::uint64_t i = 0; i < 300; ++i) {
        CHECK(page.records[i].sequence == i + 1);
        CHECK(page.records[i].text.size() == (i % 100 == 50 ? 600'008 : 9));
    }
}

TEST_CASE("what a topic's limit has removed is told, and only that") {
    const nats_server server;
    nats_feeder to{{.url = server.url(), .stream = "s", .events = 3}};
    const nats_pages pages{to.stream()};
    const reader from{pages};
    to.put("other", "x");
    to.put("t", "2");
    to.put("t", "3");
    CHECK(from.read("t").evicted_through == 0);
    to.put("t", "4");
    to.put("t", "5");
    const auto page = from.read("t");
    CHECK(contents(page) == "3 4 5");
    CHECK(page.evicted_through == 2);
    CHECK(from.read("t", 2).evicted_through == 2);
    CHECK(from.read("t", 3).evicted_through == 0);
    CHECK(from.read("t", 4).evicted_through == 0);
}

TEST_CASE("what the stream has removed at its beginning is told of all topics") {
    stream_s with;
    with.to.put("a", "1");
    with.to.put("b", "2");
    with.to.put("a", "3");
    with.to.put("b", "4");
    with.to.call("STREAM.PURGE", R"({"seq":4})");
    CHECK(with.from.read("a").records.empty());
    CHECK(with.from.read("a").evicted_through == 3);
    CHECK(with.from.read("a", 2).evicted_through == 3);
    CHECK(with.from.read("a", 3).evicted_through == 0);
    CHECK(contents(with.from.read("b")) == "4");
    CHECK(with.from.read("b").evicted_through == 3);
    with.to.call("STREAM.PURGE", "{}");
    CHECK(with.from.read("b").evicted_through == 4);
    CHECK(with.from.read("b").through == 4);
}

TEST_CASE("what was before a topic forgot all, or was closed, is gone") {
    stream_s with;
    with.to.put("a", "1");
    with.to.put("b", "2");
    with.to.act("a", journal_action::forget);
    with.to.put("a", "4");
    with.to.act("b", journal_action::forget, "k"); // of one key
    CHECK(contents(with.from.read("a")) == "(forget) 4");
    CHECK(with.from.read("a").evicted_through == 3);
    CHECK(with.from.read("a", 3).evicted_through == 0);
    CHECK(contents(with.from.read("b")) == "2 (forget)");
    CHECK(with.from.read("b", 1).evicted_through == 0);
    with.to.act("b", journal_action::close);
    CHECK(contents(with.from.read("b")) == "(close)");
    CHECK(with.from.read("b").evicted_through == 6);
}

TEST_CASE("what is no event of a journal's is read as one, or passed over") {
    stream_s with;
    with.to.publish("t", "plain");
    with.to.publish("t", "\xff");
    with.to.put("t", "3");
    with.to.publish("t", "\xff");
    CHECK(contents(with.from.read("t")) == "plain 3");
    CHECK(with.from.read("t").through == 4);
    CHECK(contents(with.from.read("t", 0, {1, 100})) == "plain");
    CHECK(with.from.read("t", 3).records.empty());
    CHECK(with.from.read("t", 3).through == 4);
}

TEST_CASE("a topic's own limits shorten what is read") {
    const nats_server server;
    nats_feeder to{{.url = server.url(), .stream = "s"}};
    nats_pages pages{to.stream()};
    const reader from{pages};
    for (const char* data : {"1", "2", "3", "4", "5"}) {
        to.put("t", data);
    }
    using std::chrono::milliseconds;
    pages.keep("t", {.events = 2, .age = milliseconds::max()}, retention::none);
    CHECK(contents(from.read("t")) == "4 5");
    CHECK(from.read("t").evicted_through == 3);
    CHECK(contents(from.read("t", 4)) == "5");
    CHECK(from.read("t", 4).evicted_through == 0);
    std::this_thread::sleep_for(milliseconds{2});
    pages.keep("t", {.events = 9, .age = milliseconds{1}}, retention::none);
    CHECK(from.read("t").records.empty());
    CHECK(from.read("t").evicted_through == 5);
    pages.keep("t", {.events = 9, .age = milliseconds{1}}, retention::newest);
    CHECK(contents(from.read("t")) == "5");
}

TEST_CASE("a topic's newest event is retained, also behind what is none") {
    const nats_server server;
    nats_feeder to{{.url = server.url(), .stream = "s"}};
    nats_pages pages{to.stream()};
    const reader from{pages};
    to.put("t", "1");
    to.put("t", "2");
    CHECK(from.retained("t").records.empty()); // it retains none
    pages.keep("t", {}, retention::newest);
    CHECK(contents(from.retained("t")) == "2");
    CHECK(from.retained("t").through == 2);
    CHECK(from.retained("t", 2).records.empty());
    to.act("t", journal_action::end_streams);
    CHECK(contents(from.retained("t")) == "2");
    CHECK(from.retained("t").evicted_through == 0);
    to.act("t", journal_action::forget);
    CHECK(from.retained("t").records.empty());
    CHECK(from.retained("t").evicted_through == 4);
    to.put("t", "5");
    CHECK(contents(from.retained("t")) == "5");
    CHECK(from.retained("t").evicted_through == 0);
}

TEST_CASE("the newest event of each key is retained") {
    const nats_server server;
    nats_feeder to{{.url = server.url(), .stream = "s"}};
    nats_pages pages{to.stream()};
    const reader from{pages};
    pages.keep("t", {}, retention::newest_per_key);
    to.put("t", "1", {.key = "a"});
    to.put("t", "2", {.key = "b"});
    to.put("t", "3", {.key = "a"});
    to.put("t", "4", {.key = "c"});
    CHECK(contents(from.retained("t")) == "2 3 4");
    CHECK(contents(from.retained("t", 0, {2, 100})) == "2 3");
    CHECK(from.retained("t", 0, {2, 100}).through == 3);
    CHECK(contents(from.retained("t", 3)) == "4");
    to.act("t", journal_action::forget, "a");
    CHECK(contents(from.retained("t")) == "2 4");
    CHECK(from.retained("t").evicted_through == 3);
}

TEST_CASE("the oldest event with an id of the publisher's own is found") {
    const nats_server server;
    nats_feeder to{{.url = server.url(), .stream = "s"}};
    const nats_pages pages{to.stream()};
    to.put("t", "1");
    to.put("t", "2", {.own_id = "x%"});
    to.put("t", "3", {.own_id = "x%"});
    to.put("u", "4", {.own_id = "y"});
    CHECK(pages.find("t", "x%").value() == 2);
    CHECK(pages.find("t", "y").value() == std::nullopt);
    CHECK(pages.find("t", "").value() == std::nullopt);
    CHECK(pages.find("none", "x%").value() == std::nullopt);
    to.act("t", journal_action::close);
    CHECK(pages.find("t", "x%").value() == std::nullopt);
}

TEST_CASE("a message is found by the id that it was sent with") {
    const nats_server server;
    nats_feeder to{{.url = server.url(), .stream = "s"}};
    const nats_pages pages{to.stream()};
    to.put("t", "1");
    auto page = to.connection().request_many("s.e.t", "x", 1, std::chrono::seconds{1});
    REQUIRE(page.has_value());
    auto message = crier::detail::nats_message_of({}, "s.e.t", "", "seven");
    REQUIRE(!to.connection().publish(*message));
    REQUIRE(!to.connection().flush(std::chrono::seconds{1}));
    to.put("t", "4");
    CHECK(pages.find_message("t", 1, "seven").value() == 3);
    CHECK(pages.find_message("t", 3, "seven").value() == std::nullopt);
    CHECK(pages.find_message("t", 9, "seven").value() == std::nullopt);
    CHECK(pages.find_message("t", 0, "eight").value() == std::nullopt);
}

TEST_CASE("reading fails soon, and later goes on, while no server answers") {
    nats_server server;
    nats_feeder to{{.url = server.url(), .stream = "s"}};
    const nats_pages pages{to.stream()};
    to.put("t", "1");
    server.pause();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(pages.read("t", 0, all).error() == crier::errc::journal_unavailable);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{1'500});
    server.go_on();
    while (!pages.read("t", 0, all)) {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    CHECK(contents(reader{pages}.read("t")) == "1");
}
