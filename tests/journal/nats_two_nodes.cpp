#include <crier/journal/nats_journal.hpp>

#include "support/nats_node.hpp"
#include "support/nats_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace crier::test;
using crier::nats_journal_options;
using lines = std::vector<std::string>;

using node = nats_node;

TEST_CASE("what one node appends arrives at both, in the order of the numbers") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    node one{options};
    node other{options};
    CHECK(one.epoch == other.epoch);
    one.follow({"a", "b"});
    other.follow({"a", "b"});
    REQUIRE(one.told.wait_for(2));
    REQUIRE(other.told.wait_for(2));
    const auto first = one.put({"a", "b", "a"});
    const auto second = other.put({"b", "a"});
    CHECK(first == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(second == std::vector<std::uint64_t>{4, 5});
    const lines expected{
        "followed a 0", "followed b 0", "a 1 1", "b 2 1", "a 3 1", "b 4 1", "a 5 1"};
    REQUIRE(one.told.wait_for(expected.size()));
    REQUIRE(other.told.wait_for(expected.size()));
    CHECK(one.told.take() == expected);
    CHECK(other.told.take() == expected);
    CHECK(other.journal.newest().value() == 5);
    CHECK(other.journal.read("a", 1, 10, 1'000)->records.size() == 2);
}

TEST_CASE("a node that begins later reads what it has missed, and goes on from there") {
    const nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    node one{options};
    one.put({"a", "a", "b"});
    node other{options};
    other.follow({"a"});
    one.put({"a"});
    REQUIRE(other.told.wait_for(2));
    CHECK(other.told.take() == lines{"followed a 2", "a 4 4"});
    const auto page = other.journal.read("a", 0, 10, 1'000);
    REQUIRE(page.has_value());
    CHECK(page->records.size() == 3);
}

TEST_CASE("nodes lose nothing and double nothing while the server crashes and stops") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s", .events = 1'000'000};
    node one{options};
    node other{options};
    const auto appended = publish_by_both(one, other, [&] {
        for (int i = 0; i < 3; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{150});
            server.restart();
            std::this_thread::sleep_for(std::chrono::milliseconds{300});
            if (i == 1) {
                server.pause();
                std::this_thread::sleep_for(std::chrono::milliseconds{3'000});
                server.go_on();
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
    });
    CHECK(*appended.rbegin() == appended.size()); // no event stands in the stream twice
}

TEST_CASE("many topics catch up in the order of the numbers") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    node one{options};
    const auto all = numbered_topics(300);
    node other{options};
    other.follow(all);
    REQUIRE(other.told.wait_for(all.size()));
    server.kill();
    REQUIRE(other.told.wait_for("unavailable"));
    std::set<std::uint64_t> appended;
    std::thread appending{[&] {
        for (int i = 0; i < 5; ++i) {
            const auto numbers = one.put(all);
            appended.insert(numbers.begin(), numbers.end());
        }
    }};
    server.start();
    appending.join();
    REQUIRE(other.told.wait_for_events(appended.size()));
    check_each_once(other.told, appended);
    CHECK(std::ranges::is_sorted(other.told.numbers()));
}

TEST_CASE("a call that waits for a server returns soon after the end") {
    nats_server server;
    node one{{.url = server.url(), .stream = "s"}};
    server.pause();
    std::thread ending{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        one.journal.end();
    }};
    const auto begun = std::chrono::steady_clock::now();
    const std::string_view topic = "a";
    CHECK(one.journal.follow({&topic, 1}) == crier::errc::journal_unavailable);
    CHECK(one.journal.read("a", 0, 1, 1).error() == crier::errc::journal_unavailable);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{600});
    ending.join();
}
