#include "journal/nats_arrivals.hpp"

#include <crier/wire/errc.hpp>

#include "support/eventually.hpp"
#include "support/nats_feeder.hpp"
#include "support/nats_listener.hpp"
#include "support/nats_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
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

/// Holds up whoever tells of the first event.
class holding_listener final : public crier::journal_listener {
public:
    explicit holding_listener(nats_listener& to) : to_{to} {}

    void wait_until_held() const { is_held_.wait(false); }
    void let_go() {
        is_let_go_ = true;
        is_let_go_.notify_all();
    }

private:
    void followed(std::string_view topic, std::uint64_t through) override {
        to_.followed(topic, through);
    }
    void arrived(std::string_view topic, const crier::journal_record& entry) override {
        is_held_ = true;
        is_held_.notify_all();
        is_let_go_.wait(false);
        to_.arrived(topic, entry);
    }
    void missed(
        std::string_view topic, std::uint64_t after, std::uint64_t through) noexcept override {
        to_.missed(topic, after, through);
    }
    void changed(crier::journal_state now) noexcept override { to_.changed(now); }

    nats_listener& to_;
    std::atomic<bool> is_held_ = false;
    std::atomic<bool> is_let_go_ = false;
};

/// A stream, what puts events into it, and what follows its topics.
struct stream_s {
    nats_server server{};
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    nats_feeder to{options};
    follower by{options};

    /// After the server has begun again.
    void wait_until_up() {
        while (!to.connection().is_up()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }
};

} // namespace

TEST_CASE("what is appended to a topic arrives where it is followed, and nothing else") {
    stream_s all;
    all.to.put("a", "before");
    all.to.put("b", "before");
    all.by.follow({"a", "c/d"});
    REQUIRE(all.by.told.wait_for(2));
    CHECK(all.by.told.take() == lines{"followed a 1", "followed c/d 2"});
    all.to.put("a", "x", {.key = "k", .own_id = "own", .only_changes = true});
    all.to.put("b", "y");
    all.to.put("c/d", "z");
    all.to.act("a", journal_action::end_streams);
    REQUIRE(all.by.told.wait_for(3));
    CHECK(all.by.told.take() == lines{"a 3 x", "c/d 5 z", "a 6 (end)"});
    const auto first = all.by.told.records().at(0);
    CHECK(first.key == "k");
    CHECK(first.text == "data: x\nid: own\n\n");
    CHECK(first.has_own_id);
    CHECK(first.only_changes);
    CHECK(first.at > std::chrono::system_clock::now() - std::chrono::seconds{10});
}

TEST_CASE("a topic arrives no more once it is not followed, and again when it is") {
    stream_s all;
    all.by.follow({"a", "b"});
    REQUIRE(all.by.told.wait_for(2));
    all.by.unfollow("a");
    all.to.put("a", "1");
    all.to.put("b", "2");
    REQUIRE(all.by.told.wait_for(3));
    all.by.follow({"a"});
    all.to.put("a", "3");
    REQUIRE(all.by.told.wait_for(5));
    CHECK(all.by.told.take() ==
          lines{"followed a 0", "followed b 0", "b 2 2", "followed a 1", "a 3 3"});
}

TEST_CASE("a topic that is followed again begins anew, and what was told is not told again") {
    stream_s all;
    all.by.follow({"a"});
    all.to.put("a", "1");
    REQUIRE(all.by.told.wait_for(2));
    all.by.follow({"a"});
    all.to.put("a", "2");
    REQUIRE(all.by.told.wait_for(4));
    CHECK(all.by.told.take() == lines{"followed a 0", "a 1 1", "followed a 1", "a 2 2"});
}

TEST_CASE("what other clients publish arrives, and what is no event does not") {
    stream_s all;
    all.by.follow({"a"});
    all.to.publish("a", "plain");
    all.to.publish("a", "\xff");
    all.to.publish("a", "again");
    REQUIRE(all.by.told.wait_for(3));
    CHECK(all.by.told.take() == lines{"followed a 0", "a 1 plain", "a 3 again"});
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
    stream_s all;
    all.by.follow({"a"});
    REQUIRE(all.by.told.wait_for(1));
    all.by.listen(nullptr);
    all.to.put("a", "1");
    nats_listener other;
    all.by.listen(&other);
    all.to.put("a", "2");
    REQUIRE(other.wait_for("a 2 2"));
    CHECK(all.by.told.take() == lines{"followed a 0"});
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
    stream_s all;
    all.by.follow({"a"});
    all.to.put("a", "1");
    REQUIRE(all.by.told.wait_for(2));
    all.by.told.take();
    all.server.pause();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(all.by.try_follow({"b"}) == crier::errc::journal_unavailable);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{1'500});
    REQUIRE(all.by.told.wait_for("unavailable"));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{2'500});
    all.server.go_on();
    REQUIRE(all.by.told.wait_for("connected"));
    CHECK(all.by.told.take() == lines{"unavailable", "catching up", "connected"});
    all.to.put("a", "2");
    REQUIRE(all.by.told.wait_for(1));
    CHECK(all.by.told.take() == lines{"a 2 2"});
}

TEST_CASE("after a crash of the server followed topics catch up, in order, each event once") {
    stream_s all;
    all.by.follow({"a", "b"});
    all.to.put("a", "1");
    REQUIRE(all.by.told.wait_for(3));
    all.server.kill();
    REQUIRE(all.by.told.wait_for("unavailable"));
    all.by.told.take();
    all.server.start();
    all.wait_until_up();
    for (const char* topic : {"b", "a", "c", "b", "a"}) {
        all.to.put(topic, "x");
    }
    REQUIRE(all.by.told.wait_for("connected"));
    all.to.put("a", "7");
    REQUIRE(all.by.told.wait_for_events(6));
    CHECK(all.by.told.numbers() == std::vector<std::uint64_t>{1, 2, 3, 5, 6, 7});
}

TEST_CASE("a topic that is followed before others catch up does so with them, in order") {
    stream_s all;
    holding_listener holding{all.by.told};
    all.by.listen(&holding);
    all.by.follow({"a"});
    all.to.put("a", "1");
    holding.wait_until_held();
    all.by.follow({"b"});
    all.to.put("b", "2");
    all.to.put("a", "3");
    const auto changes = all.by.parts.connection().changes();
    all.server.kill();
    all.server.start();
    CHECK(eventually([] {}, [&] { return all.by.parts.connection().changes() >= changes + 2; }));
    holding.let_go();
    REQUIRE(all.by.told.wait_for_events(3));
    CHECK(all.by.told.numbers() == std::vector<std::uint64_t>{1, 2, 3});
    all.by.listen(nullptr);
}

TEST_CASE("a stream that was made anew is no more the journal's") {
    stream_s all;
    all.by.follow({"a"});
    REQUIRE(all.by.told.wait_for(1));
    all.to.call("STREAM.DELETE", "{}");
    const nats_feeder other{all.options};
    REQUIRE(all.by.told.wait_for("unavailable"));
    CHECK(all.by.try_follow({"a"}) == crier::errc::journal_unavailable);
}

TEST_CASE("what a topic has forgotten while nobody heard of it is told as missed") {
    stream_s all;
    all.by.follow({"a"});
    all.to.put("a", "1");
    REQUIRE(all.by.told.wait_for(2));
    all.by.told.take();
    all.server.kill();
    REQUIRE(all.by.told.wait_for("unavailable"));
    all.server.start();
    all.wait_until_up();
    all.to.put("a", "2");
    all.to.put("a", "3");
    all.to.act("a", journal_action::forget);
    REQUIRE(all.by.told.wait_for("a 4 (forget)"));
    REQUIRE(all.by.told.wait_for("connected"));
    const lines told = all.by.told.take();
    const bool has_two = std::ranges::find(told, "a 2 2") != told.end();
    const bool has_gap = std::ranges::find(told, "missed a 1 3") != told.end();
    CHECK(has_two != has_gap); // by which of them was quicker
}

TEST_CASE("nothing is told of a topic once it is followed no more") {
    stream_s all;
    all.by.follow({"b"});
    REQUIRE(all.by.told.wait_for(1));
    constexpr std::uint64_t many = 200;
    for (std::uint64_t i = 1; i <= many; ++i) {
        all.by.follow({"a"});
        all.to.put("a", "x");
        all.by.unfollow("a");
        const std::size_t told = all.by.told.numbers().size();
        all.to.put("b", "x");
        REQUIRE(all.by.told.wait_for("b " + std::to_string(2 * i) + " x"));
        CHECK(all.by.told.numbers().size() == told + 1);
    }
}
