#pragma once

#include <crier/journal/nats_journal.hpp>
#include <crier/wire/errc.hpp>

#include "nats_listener.hpp"

#include <doctest/doctest.h>

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

} // namespace crier::test
