#pragma once

#include <crier/journal/nats_journal.hpp>
#include <crier/wire/errc.hpp>

#include "nats_listener.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace crier::test {

/// A journal as a manager uses it: what is told of it, and what appends to it.
class nats_node {
public:
    explicit nats_node(const nats_journal_options& options) : journal{options} {
        journal.listen(&told);
        const auto begun = journal.begin();
        REQUIRE(begun.has_value());
        epoch = begun->epoch;
    }
    nats_node(const nats_node&) = delete;
    nats_node& operator=(const nats_node&) = delete;
    ~nats_node() {
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

inline std::vector<std::string> numbered_topics(int count) {
    std::vector<std::string> made;
    for (int i = 0; i < count; ++i) {
        made.push_back("topic/" + std::to_string(i));
    }
    return made;
}

/// Whether what was told is a set of numbers, each once and rising within its topic.
inline void check_each_once(const nats_listener& told, const std::set<std::uint64_t>& appended) {
    std::set<std::uint64_t> numbers;
    std::map<std::string, std::uint64_t> last;
    for (const auto& [topic, number] : told.events()) {
        CHECK(numbers.insert(number).second);
        CHECK(std::exchange(last[topic], number) < number);
    }
    CHECK(numbers == appended);
}

/// Both publish to topics that both follow, while something happens. Then both are to be told all,
/// within that time: nothing is lost, nothing doubled. Gives the numbers.
template <class Happening>
std::set<std::uint64_t> publish_by_both(nats_node& one, nats_node& other, Happening happens,
    std::chrono::seconds longest = nats_listener::patience) {
    const std::vector<std::string> topics = numbered_topics(5);
    one.follow(topics);
    other.follow(topics);
    std::atomic<bool> is_over = false;
    std::set<std::uint64_t> appended;
    std::set<std::uint64_t> by_other;
    const auto write = [&](nats_node& by, std::set<std::uint64_t>& numbers) {
        while (!is_over) {
            for (const std::uint64_t number : by.put(topics)) {
                CHECK(numbers.insert(number).second);
            }
        }
    };
    std::thread first{[&] { write(one, appended); }};
    std::thread second{[&] { write(other, by_other); }};
    happens();
    is_over = true;
    first.join();
    second.join();
    for (const std::uint64_t number : by_other) {
        CHECK(appended.insert(number).second);
    }
    CHECK(one.told.wait_for_events(appended.size(), longest));
    CHECK(other.told.wait_for_events(appended.size(), longest));
    check_each_once(one.told, appended);
    check_each_once(other.told, appended);
    return appended;
}

} // namespace crier::test
