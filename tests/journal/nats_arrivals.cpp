#include "journal/nats_arrivals.hpp"

#include <crier/wire/errc.hpp>

#include "support/nats_feeder.hpp"
#include "support/nats_listener.hpp"
#include "support/nats_server.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace crier::test;
using crier::journal_action;
using crier::nats_journal_options;
using crier::detail::nats_arrivals;
using crier::detail::nats_deliveries;
using lines = std::vector<std::string>;

namespace {

/// A node that only follows.
class follower {
public:
    explicit follower(const nats_journal_options& options, nats_deliveries::limits most = {})
        : parts{options}, arrivals_{std::in_place, parts.stream(), most} {
        arrivals_->listen(&told);
        arrivals_->begin();
    }
    follower(const follower&) = delete;
    follower& operator=(const follower&) = delete;
    ~follower() { parts.connection().end(); }

    boost::system::error_code try_follow(std::vector<std::string_view> topics) {
        return arrivals_->follow(topics);
    }
    void follow(std::vector<std::string_view> topics) {
        const auto error = arrivals_->follow(topics);
        REQUIRE_MESSAGE(!error, error.message());
    }
    void unfollow(std::string_view topic) { arrivals_->unfollow(topic); }
    void listen(crier::journal_listener* to) { arrivals_->listen(to); }

    nats_listener told;
    nats_feeder parts;

private:
    std::optional<nats_arrivals> arrivals_;
};

} // namespace

TEST_CASE("what is appended to a topic arrives where it is followed, and nothing else") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    to.put("a", "before");
    to.put("b", "before");
    by.follow({"a", "c/d"});
    REQUIRE(by.told.wait_for(2));
    CHECK(by.told.take() == lines{"followed a 1", "followed c/d 2"});
    to.put("a", "x", {.key = "k", .own_id = "own", .only_changes = true});
    to.put("b", "y");
    to.put("c/d", "z");
    to.act("a", journal_action::end_streams);
    REQUIRE(by.told.wait_for(3));
    CHECK(by.told.take() == lines{"a 3 x", "c/d 5 z", "a 6 (end)"});
    const auto first = by.told.records().at(0);
    CHECK(first.key == "k");
    CHECK(first.text == "data: x\nid: own\n\n");
    CHECK(first.has_own_id);
    CHECK(first.only_changes);
    CHECK(first.at > std::chrono::system_clock::now() - std::chrono::seconds{10});
}

TEST_CASE("a topic arrives no more once it is not followed, and again when it is") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a", "b"});
    REQUIRE(by.told.wait_for(2));
    by.unfollow("a");
    to.put("a", "1");
    to.put("b", "2");
    REQUIRE(by.told.wait_for(3));
    by.follow({"a"});
    to.put("a", "3");
    REQUIRE(by.told.wait_for(5));
    CHECK(
        by.told.take() == lines{"followed a 0", "followed b 0", "b 2 2", "followed a 1", "a 3 3"});
}

TEST_CASE("a topic that is followed again begins anew, and what was told is not told again") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a"});
    to.put("a", "1");
    REQUIRE(by.told.wait_for(2));
    by.follow({"a"});
    to.put("a", "2");
    REQUIRE(by.told.wait_for(4));
    CHECK(by.told.take() == lines{"followed a 0", "a 1 1", "followed a 1", "a 2 2"});
}

TEST_CASE("what other clients publish arrives, and what is no event does not") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a"});
    to.publish("a", "plain");
    to.publish("a", "\xff");
    to.publish("a", "again");
    REQUIRE(by.told.wait_for(3));
    CHECK(by.told.take() == lines{"followed a 0", "a 1 plain", "a 3 again"});
}

TEST_CASE("what has lost its way is read from the engine, by the next event or soon") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options, {.messages = 1}}; // at once: more are lost
    by.follow({"a", "b"});
    REQUIRE(by.told.wait_for(2));
    std::vector<crier::journal_entry> entries;
    constexpr std::uint64_t many = 500;
    for (std::uint64_t i = 1; i <= many; ++i) {
        crier::journal_entry& entry = entries.emplace_back();
        entry.topic = i % 2 == 0 ? "a" : "b";
        entry.text = "data: x\n\n";
        entry.ticket = 1'000 + i;
    }
    REQUIRE(!to.append(entries));
    REQUIRE(by.told.wait_for_events(many));
    std::uint64_t last_a = 0;
    std::uint64_t last_b = 1;
    by.told.take();
    for (const std::uint64_t number : by.told.numbers()) {
        std::uint64_t& last = number % 2 == 0 ? last_a : last_b;
        const std::uint64_t expected = number == 1 ? 1 : last + 2;
        CHECK(number == expected);
        last = number;
    }
    to.put("a", "end");
    REQUIRE(by.told.wait_for_events(many + 1));
    CHECK(by.told.take() == lines{"a 501 end"});
}

TEST_CASE("what the engine has removed before it was read is told as missed") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s", .events = 2};
    nats_feeder to{options};
    follower by{options, {.messages = 0}}; // all are lost on their way
    to.put("a", "1");
    by.follow({"a"});
    REQUIRE(by.told.wait_for(1));
    std::vector<crier::journal_entry> entries(5);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i].topic = "a";
        entries[i].text = "data: x\n\n";
        entries[i].ticket = 1'000 + i;
    }
    REQUIRE(!to.append(entries));
    REQUIRE(by.told.wait_for_events(2));
    const lines told = by.told.take();
    CHECK(std::ranges::find(told, "missed a 1 4") != told.end());
    CHECK(by.told.numbers() == std::vector<std::uint64_t>{5, 6});
}

TEST_CASE("nobody is told any more who listens no more") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a"});
    REQUIRE(by.told.wait_for(1));
    by.listen(nullptr);
    to.put("a", "1");
    nats_listener other;
    by.listen(&other);
    to.put("a", "2");
    REQUIRE(other.wait_for("a 2 2"));
    CHECK(by.told.take() == lines{"followed a 0"});
}

TEST_CASE("a topic of too long a name is followed, and has no events") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    follower by{options};
    const std::string name(1'025, 'a');
    by.follow({name});
    REQUIRE(by.told.wait_for(1));
    CHECK(by.told.take() == lines{"followed " + name + " 0"});
}

TEST_CASE("a server that does not answer is told, and what came meanwhile is told later") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a"});
    to.put("a", "1");
    REQUIRE(by.told.wait_for(2));
    by.told.take();
    server.pause();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(by.try_follow({"b"}) == crier::errc::journal_unavailable);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{1'500});
    REQUIRE(by.told.wait_for("unavailable"));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{2'500});
    server.go_on();
    REQUIRE(by.told.wait_for("connected"));
    CHECK(by.told.take() == lines{"unavailable", "catching up", "connected"});
    to.put("a", "2");
    REQUIRE(by.told.wait_for(1));
    CHECK(by.told.take() == lines{"a 2 2"});
}

TEST_CASE("after a crash of the server followed topics catch up, in order, each event once") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a", "b"});
    to.put("a", "1");
    REQUIRE(by.told.wait_for(3));
    server.kill();
    REQUIRE(by.told.wait_for("unavailable"));
    by.told.take();
    server.start();
    while (!to.connection().is_up()) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    for (const char* topic : {"b", "a", "c", "b", "a"}) {
        to.put(topic, "x");
    }
    REQUIRE(by.told.wait_for("connected"));
    to.put("a", "7");
    REQUIRE(by.told.wait_for_events(6));
    CHECK(by.told.numbers() == std::vector<std::uint64_t>{1, 2, 3, 5, 6, 7});
}

TEST_CASE("a stream that was made anew is no more the journal's") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a"});
    REQUIRE(by.told.wait_for(1));
    to.call("STREAM.DELETE", "{}");
    const nats_feeder other{options};
    REQUIRE(by.told.wait_for("unavailable"));
    CHECK(by.try_follow({"a"}) == crier::errc::journal_unavailable);
}

TEST_CASE("what a topic has forgotten while nobody heard of it is told as missed") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"a"});
    to.put("a", "1");
    REQUIRE(by.told.wait_for(2));
    by.told.take();
    server.kill();
    REQUIRE(by.told.wait_for("unavailable"));
    server.start();
    while (!to.connection().is_up()) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    to.put("a", "2");
    to.put("a", "3");
    to.act("a", journal_action::forget);
    REQUIRE(by.told.wait_for("a 4 (forget)"));
    REQUIRE(by.told.wait_for("connected"));
    const lines told = by.told.take();
    const bool has_two = std::ranges::find(told, "a 2 2") != told.end();
    const bool has_gap = std::ranges::find(told, "missed a 1 3") != told.end();
    CHECK(has_two != has_gap); // by which of them was quicker
}

TEST_CASE("nothing is told of a topic once it is followed no more") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};
    by.follow({"b"});
    REQUIRE(by.told.wait_for(1));
    constexpr std::uint64_t many = 200;
    for (std::uint64_t i = 1; i <= many; ++i) {
        by.follow({"a"});
        to.put("a", "x");
        by.unfollow("a");
        const std::size_t told = by.told.numbers().size();
        to.put("b", "x");
        REQUIRE(by.told.wait_for("b " + std::to_string(2 * i) + " x"));
        CHECK(by.told.numbers().size() == told + 1);
    }
}
