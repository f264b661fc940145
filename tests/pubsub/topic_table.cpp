#include "pubsub/topic_table.hpp"

#include "async/test_clock.hpp"
#include "pubsub/lifecycle.hpp"
#include "wire/frame_access.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

using crier::clock;
using crier::manager_options;
using crier::retention;
using crier::topic_options;
using crier::topic_rule;
using crier::detail::frame_access;
using crier::detail::memory_budget;
using crier::detail::topic;
using crier::detail::topic_settings;
using crier::detail::topic_table;
using namespace std::chrono_literals;

namespace {

/// A table without a manager, at a time that stands still: no executor, no lock.
struct table {
    manager_options options;
    memory_budget budget{1'000'000};
    topic_table topics{options, budget};
    std::uint64_t sequence = 0;

    table() { crier::detail::test_clock::freeze(); }
    explicit table(manager_options given) : table{} { options = std::move(given); }
    table(const table&) = delete;
    table& operator=(const table&) = delete;
    ~table() { crier::detail::test_clock::thaw(); }

    topic& open(std::string_view name, std::size_t history_events = 0) {
        topic_settings settings;
        settings.history.events = history_events;
        settings.history.age = 10s;
        return topics.open(name, settings, 0);
    }

    /// As a manager does with what is published.
    void publish(topic& to) {
        ++sequence;
        to.keep({sequence, *frame_access::make(crier::event{.data = "x"}, {}, budget.account()),
                    clock::now()},
            false);
        to.last_publish = sequence;
        to.used_at = clock::now();
        topics.note_use(to);
    }

    void last_leaves(topic& by) { CHECK_FALSE(topics.left(by, clock::now())); }

    /// How many topics it reviewed.
    int review_what_is_due() {
        int reviewed = 0;
        topic_table::stopped_run stopped;
        while (topics.review_due(clock::now(), stopped)) {
            ++reviewed;
        }
        return reviewed;
    }
};

} // namespace

TEST_CASE("a topic is found by its name while it is open") {
    table with;
    CHECK(with.topics.find("a") == nullptr);
    CHECK(with.topics.any() == nullptr);
    topic& a = with.open("a");
    CHECK(with.topics.find("a") == &a);
    CHECK(with.topics.any() == &a);
    CHECK(with.topics.stats().size() == 1);
    CHECK_FALSE(with.topics.retire(a));
    CHECK(with.topics.find("a") == nullptr);
}

TEST_CASE("the first rule that matches says what a topic is to be, and who asks for more gets it") {
    manager_options options;
    const auto begins = [](std::string_view with) {
        return [with](std::string_view name) { return name.starts_with(with); };
    };
    options.rules = {topic_rule{.matches = begins("news/"), .history = {.events = 3}},
        topic_rule{.matches = begins("news"), .retain = retention::newest}};
    options.type_of = [](std::string_view name) { return "t-" + std::string{name}; };
    const table with{options};
    CHECK(with.topics.settings_of("news/a").history.events == 3);
    CHECK(with.topics.settings_of("news/a").retain == retention::none);
    CHECK(with.topics.settings_of("news").retain == retention::newest);
    CHECK_FALSE(with.topics.settings_of("other").keeps());
    CHECK(with.topics.settings_of("other").type == "t-other");
    topic_options asked;
    asked.name = "news/a";
    asked.only_changes = true;
    asked.retain = retention::newest_per_key;
    CHECK(with.topics.settings_of(asked).only_changes);
    CHECK(with.topics.settings_of(asked).retain == retention::newest_per_key);
    CHECK(with.topics.settings_of(asked).history.events == 3);
}

TEST_CASE("a topic that keeps nothing retires with its last subscriber") {
    table with;
    topic& a = with.open("a");
    a.subscribers = 1;
    with.last_leaves(a);
    CHECK(with.topics.find("a") == &a);
    a.subscribers = 0;
    with.last_leaves(a);
    CHECK(with.topics.find("a") == nullptr);
    CHECK(with.topics.next_review() == clock::time_point::max());
}

TEST_CASE("a topic lingers while it keeps events, and retires when they are too old") {
    table with;
    topic& a = with.open("a", 3);
    with.publish(a);
    with.last_leaves(a);
    CHECK(with.topics.find("a") == &a);
    CHECK(with.topics.next_review() > clock::now() + 10s);
    CHECK(with.review_what_is_due() == 0);
    crier::detail::test_clock::advance(11s);
    CHECK(with.review_what_is_due() == 1);
    CHECK(with.topics.find("a") == nullptr);
}

TEST_CASE("topics are reviewed in the order in which they are due") {
    table with;
    topic& early = with.open("early", 3);
    with.publish(early);
    with.last_leaves(early);
    crier::detail::test_clock::advance(5s);
    topic& late = with.open("late", 3);
    with.publish(late);
    with.last_leaves(late);
    crier::detail::test_clock::advance(6s);
    CHECK(with.review_what_is_due() == 1);
    CHECK(with.topics.find("early") == nullptr);
    CHECK(with.topics.find("late") == &late);
}

TEST_CASE("of what was used least recently the oldest goes first, and its topic with the last") {
    table with;
    topic& old = with.open("old", 3);
    topic& newer = with.open("newer", 3);
    with.publish(old);
    with.publish(old);
    with.publish(newer);
    with.last_leaves(old);
    with.last_leaves(newer);
    CHECK_FALSE(with.topics.evict(&newer, clock::now()));
    CHECK(old.kept.evicted_through() == 1);
    CHECK_FALSE(with.topics.evict(&newer, clock::now()));
    CHECK(with.topics.find("old") == nullptr);
    // The one whose event makes the room does not end by it.
    CHECK_FALSE(with.topics.evict(&newer, clock::now()));
    CHECK(with.topics.find("newer") == &newer);
    CHECK_FALSE(newer.keeps_something());
}

TEST_CASE("a topic that begins knows what its name has missed") {
    table with;
    with.topics.note_unkept("a", 7);
    with.topics.note_unkept("a", 5);
    CHECK(with.open("a").kept.evicted_through() == 7);
    topic& b = with.open("b", 3);
    with.sequence = 20;
    with.publish(b);
    static_cast<void>(with.topics.retire(b));
    CHECK(with.open("b", 3).kept.evicted_through() == 21);
}
