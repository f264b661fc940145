#include <crier/journal/sqlite_journal.hpp>

#include "support/journaling.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace crier::test;
using crier::retention;
using crier::sqlite_journal;

namespace {

constexpr std::size_t keys_limit = 4;

/// What a topic is to have, by a simple rule.
struct expected_topic {
    struct published {
        std::uint64_t sequence = 0;
        std::string key;
        std::string text;
    };

    bool keeps() const { return limits.events > 0 || retain != retention::none; }

    void add(const published& added) {
        if (keeps()) {
            all.push_back(added);
        }
        last = added.sequence;
        if (retain == retention::newest_per_key) {
            by_key[added.key] = added;
            if (by_key.size() > keys_limit) {
                lose(std::ranges::min_element(by_key, {}, [](const auto& each) {
                    return each.second.sequence;
                })->first);
            }
        }
    }

    void lose(const std::string& key) {
        if (const auto known = by_key.find(key); known != by_key.end()) {
            lost = std::max(lost, known->second.sequence);
            by_key.erase(known);
        }
    }

    crier::history_limits limits{};
    retention retain = retention::none;
    std::vector<published> all;
    std::map<std::string, published> by_key;
    bool is_open = false;        ///< in this run
    std::uint64_t last = 0;      ///< of all events
    std::uint64_t forgotten = 0; ///< up to there
    std::uint64_t lost = 0;      ///< the newest of what was retained and is no more
};

/// A journal and what it is to have, which random things happen to.
class world {
public:
    explicit world(unsigned seed) : dice_{seed} { open(); }

    void do_something() {
        const unsigned what = roll(20);
        const std::string topic = "topic" + std::to_string(roll(3));
        if (what < 12) {
            append();
        } else if (what < 15) {
            keep(topic);
        } else if (what < 17) {
            forget(topic);
        } else if (what < 18) {
            restart(roll(2) == 0);
        }
    }

    void check() {
        for (const auto& [name, topic] : topics_) {
            CAPTURE(name);
            check_history(name, topic);
            check_retained(name, topic);
        }
    }

private:
    unsigned roll(unsigned below) { return static_cast<unsigned>(dice_() % below); }

    void open() {
        journal_.emplace(crier::sqlite_journal_options{
            .path = path_, .safety = crier::journal_safety::written, .keys_limit = keys_limit});
        to_.emplace(*journal_);
    }

    /// A manager says what is to be kept before the first event of each run.
    void open(const std::string& name) {
        expected_topic& topic = topics_[name];
        if (!topic.is_open) {
            to_->keep(name, topic.limits, topic.retain);
            topic.is_open = true;
        }
    }

    void append() {
        std::vector<std::string> keys;
        std::vector<std::string> names;
        std::vector<crier::journal_entry> entries;
        const unsigned count = 1 + roll(8);
        for (unsigned i = 0; i < count; ++i) {
            names.push_back("topic" + std::to_string(roll(3)));
            keys.push_back(std::string(1, static_cast<char>('a' + roll(7))));
        }
        for (unsigned i = 0; i < count; ++i) {
            to_->next += 1 + roll(2);
            static const std::string text(30, 'x');
            const std::string_view part = std::string_view{text}.substr(0, roll(30));
            entries.push_back(
                {to_->next, names[i], keys[i], {}, part, std::chrono::system_clock::now()});
            open(names[i]);
            topics_[names[i]].add({to_->next, keys[i], std::string{part}});
        }
        REQUIRE(!journal_->append(entries));
    }

    void keep(const std::string& name) {
        expected_topic& topic = topics_[name];
        const auto before = topic.retain;
        topic.limits = {.events = roll(3) == 0 ? 0 : roll(20), .bytes = 50 + roll(300)};
        topic.retain = static_cast<retention>(roll(3));
        if (topic.retain != before) {
            topic.by_key.clear();
            topic.lost = topic.all.empty() ? 0 : topic.all.back().sequence;
        }
        topic.is_open = true;
        to_->keep(name, topic.limits, topic.retain);
    }

    void forget(const std::string& name) {
        expected_topic& topic = topics_[name];
        if (roll(2) == 0) {
            const std::string key(1, static_cast<char>('a' + roll(7)));
            REQUIRE(!journal_->forget(name, key));
            topic.lose(key);
        } else {
            REQUIRE(!journal_->forget(name, {}));
            topic.forgotten = topic.all.empty() ? 0 : topic.all.back().sequence;
            topic.by_key.clear();
            topic.lost = topic.forgotten;
        }
    }

    void restart(bool crashes) {
        const std::uint64_t newest = to_->next;
        if (crashes) {
            const std::string copy = folder_.file(std::to_string(++copies_).c_str());
            std::filesystem::copy_file(path_, copy);
            std::filesystem::copy_file(path_ + "-wal", copy + "-wal");
            path_ = copy;
        }
        to_.reset();
        journal_.reset();
        open();
        for (auto& [name, topic] : topics_) {
            topic.is_open = false;
        }
        CHECK((crashes ? to_->numbering.newest >= newest : to_->numbering.newest == newest));
    }

    void check_history(const std::string& name, const expected_topic& topic) {
        const auto found = page(*journal_, name);
        CHECK(found.through >= topic.last);
        CHECK(found.evicted_through >= topic.forgotten);
        if (!topic.keeps()) {
            CHECK(found.evicted_through >= topic.last);
        }
        // Of what comes after `evicted_through` nothing may be missing, whatever was removed.
        std::vector<expected_topic::published> complete;
        std::ranges::copy_if(topic.all, std::back_inserter(complete),
            [&](const auto& each) { return each.sequence > found.evicted_through; });
        REQUIRE(found.records.size() == complete.size());
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < complete.size(); ++i) {
            CHECK(found.records[i].sequence == complete[i].sequence);
            CHECK(found.records[i].text == complete[i].text);
            bytes += complete[i].text.size();
        }
        const std::size_t at_least = topic.retain == retention::newest ? 1 : 0;
        CHECK(found.records.size() <= std::max(topic.limits.events, at_least));
        CHECK((bytes <= topic.limits.bytes || found.records.size() == at_least));
    }

    void check_retained(const std::string& name, const expected_topic& topic) {
        const auto found = retained_page(*journal_, name);
        std::map<std::uint64_t, std::string> in_order;
        for (const auto& [key, each] : topic.by_key) {
            in_order.emplace(each.sequence, each.text);
        }
        if (topic.retain == retention::newest && !topic.all.empty() &&
            topic.all.back().sequence > topic.forgotten) {
            // It may have gone before the topic began to retain it.
            if (found.records.empty()) {
                CHECK(found.evicted_through >= topic.all.back().sequence);
                return;
            }
            in_order.emplace(topic.all.back().sequence, topic.all.back().text);
        }
        REQUIRE(found.records.size() == in_order.size());
        std::size_t i = 0;
        for (const auto& [sequence, text] : in_order) {
            CHECK(found.records[i].sequence == sequence);
            CHECK(found.records[i++].text == text);
        }
        if (topic.retain == retention::newest_per_key) {
            CHECK(found.evicted_through >= topic.lost);
        }
    }

    std::mt19937 dice_;
    temporary_directory folder_;
    std::string path_ = folder_.file("events.db");
    int copies_ = 0;
    std::optional<sqlite_journal> journal_;
    std::optional<feeder> to_;
    std::map<std::string, expected_topic> topics_;
};

} // namespace

TEST_CASE(
    "whatever happens, a journal has what its topics are to keep, and knows what it has not") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        CAPTURE(seed);
        world one{seed};
        for (int i = 0; i < 150; ++i) {
            CAPTURE(i);
            one.do_something();
            one.check();
        }
    }
}
