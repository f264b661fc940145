#include <crier/journal/nats_journal.hpp>
#include <crier/wire/errc.hpp>

#include "support/nats_listener.hpp"
#include "support/nats_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace crier::test;
using crier::journal_entry;
using crier::nats_journal;
using crier::nats_journal_options;
using lines = std::vector<std::string>;

namespace {

/// A journal as a manager uses it: what is told of it, and what appends to it.
class node {
public:
    explicit node(const nats_journal_options& options) : journal{options} {
        journal.listen(&told);
        const auto begun = journal.begin();
        REQUIRE(begun.has_value());
        epoch = begun->epoch;
    }
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node() {
        journal.end();
        journal.listen(nullptr);
    }

    void follow(const std::vector<std::string>& topics) {
        const std::vector<std::string_view> views{topics.begin(), topics.end()};
        while (true) {
            const auto error = journal.follow(views);
            if (!error) {
                return;
            }
            REQUIRE(error == crier::errc::journal_unavailable);
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }

    /// One event for each topic, until they are there. Gives their numbers.
    std::vector<std::uint64_t> put(const std::vector<std::string>& topics) {
        const std::string text = "data: " + std::to_string(ticket_ + 1) + "\n\n";
        std::vector<journal_entry> entries(topics.size());
        for (std::size_t i = 0; i < topics.size(); ++i) {
            entries[i].topic = topics[i];
            entries[i].text = text;
            entries[i].ticket = ++ticket_;
        }
        while (const auto error = journal.append(entries)) {
            REQUIRE(error == crier::errc::journal_unavailable);
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        std::vector<std::uint64_t> numbers;
        for (const journal_entry& each : entries) {
            REQUIRE_MESSAGE(!each.error, each.error.message());
            numbers.push_back(each.sequence);
        }
        return numbers;
    }

    nats_listener told;
    nats_journal journal;
    std::uint64_t epoch = 0;

private:
    std::uint64_t ticket_ = 0;
};

std::vector<std::string> topics(int count) {
    std::vector<std::string> made;
    for (int i = 0; i < count; ++i) {
        made.push_back("topic/" + std::to_string(i));
    }
    return made;
}

/// Whether what was told is a set of numbers, each once and rising within its topic.
void check_each_once(const nats_listener& told, const std::set<std::uint64_t>& appended) {
    std::set<std::uint64_t> numbers;
    std::map<std::string, std::uint64_t> last;
    for (const auto& [topic, number] : told.events()) {
        CHECK(numbers.insert(number).second);
        CHECK(std::exchange(last[topic], number) < number);
    }
    CHECK(numbers == appended);
}

} // namespace

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
    const auto all = topics(5);
    one.follow(all);
    other.follow(all);
    std::atomic<bool> is_over = false;
    std::set<std::uint64_t> by_one;
    std::set<std::uint64_t> by_other;
    const auto write = [&](node& by, std::set<std::uint64_t>& numbers) {
        while (!is_over) {
            for (const std::uint64_t number : by.put(all)) {
                CHECK(numbers.insert(number).second);
            }
        }
    };
    std::thread first{[&] { write(one, by_one); }};
    std::thread second{[&] { write(other, by_other); }};
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
    is_over = true;
    first.join();
    second.join();
    std::set<std::uint64_t> appended = by_one;
    for (const std::uint64_t number : by_other) {
        CHECK(appended.insert(number).second);
    }
    CHECK(one.told.wait_for_events(appended.size()));
    CHECK(other.told.wait_for_events(appended.size()));
    CHECK(*appended.rbegin() == appended.size()); // no event stands in the stream twice
    check_each_once(one.told, appended);
    check_each_once(other.told, appended);
}

TEST_CASE("many topics catch up in the order of the numbers") {
    nats_server server;
    const nats_journal_options options{.url = server.url(), .stream = "s"};
    node one{options};
    const auto all = topics(300);
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
