#pragma once

#include <crier/pubsub/manager.hpp>

#include "event_reader.hpp"
#include "sweep.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::test {

inline constexpr std::array<const char*, 8> topic_names{
    "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"};

/// How an event is published.
enum class form { text, json, own_id, changes };

/// An event that was published: its data is its number.
struct note {
    std::uint64_t sequence = 0;
    std::size_t topic = 0;
    std::size_t key = 0;
    unsigned number = 0;
    bool is_later = false; ///< there was memory again
};

/// The number as JSON that takes some memory.
struct numbered {
    unsigned number;
    friend void tag_invoke(
        const boost::json::value_from_tag&, boost::json::value& to, const numbered& from) {
        to = from.number;
    }
};

/// A subscriber, and what it has read.
struct reader {
    reader(subscription source, std::vector<std::size_t> of, std::uint64_t last)
        : from{std::move(source)}, topics{std::move(of)}, since{last} {
        frames.reserve(1024);
    }

    /// Reads all that waits, as far as memory allows.
    void read() {
        attempt([this] {
            while (auto next = from.try_receive()) {
                frames.push_back(std::move(*next));
            }
        });
    }

    subscription from;
    std::vector<std::size_t> topics;
    std::uint64_t since; ///< the last number that it is not to get
    /// Up to there it gets only the newest of each topic's keys.
    std::uint64_t retained = 0;
    std::uint64_t until = std::numeric_limits<std::uint64_t>::max();
    overflow_policy past = overflow_policy::drop_newest;
    std::vector<frame> frames;
    std::uint64_t missed = 0; ///< filled in by a check: how many events it dropped
};

/// Keeps what was published to a manager, and compares with it what its subscribers have read.
class ledger {
public:
    explicit ledger(manager& to) : to_{to} { notes_.reserve(4096); }

    /// Publishes as far as memory allows; nothing else in here allocates. Tells whether it did.
    bool publish(std::size_t topic, form how = form::text, std::size_t key = 0) {
        return publish_again(topic, ++number_, how, key);
    }

    /// The same with a number that may have been published before.
    bool publish_again(std::size_t topic, unsigned number, form how, std::size_t key = 0) {
        number_ = std::max(number_, number);
        return attempt([&] {
            const auto id = ask(topic_names[topic], number, how, key);
            is_refused_ = is_refused_ || id.has_error();
            if (id.has_value() && (notes_.empty() || id->sequence > notes_.back().sequence)) {
                notes_.push_back({id->sequence, topic, key, number, is_later_});
                epoch_ = id->epoch;
            }
        });
    }

    /// So many bytes more for each event.
    void pad(std::size_t bytes) noexcept { padding_ = bytes; }

    unsigned newest() const noexcept { return number_; }
    std::uint64_t last() const noexcept { return notes_.empty() ? 0 : notes_.back().sequence; }
    std::string cursor(std::size_t at) const { return to_string({epoch_, notes_[at].sequence}); }
    std::uint64_t sequence(std::size_t at) const { return notes_[at].sequence; }
    std::size_t size() const noexcept { return notes_.size(); }

    /// There is memory again: from here on nothing may be lost.
    void is_later() noexcept { is_later_ = true; }

    /// Each event that the reader should have got was read once and in its turn, or told.
    void check(reader& of) const {
        CHECK_FALSE(is_refused_);
        const seen all = look(of);
        of.missed = 0;
        std::uint64_t told = 0;
        for (const note& each : notes_) {
            if (!is_for(of, each) || all.has(each)) {
                continue;
            }
            CAPTURE(each.sequence);
            const bool replaced = is_replaced(of, all, each);
            CHECK_FALSE(
                (each.is_later && !(replaced && of.past == overflow_policy::conflate_always)));
            CHECK((replaced || all.is_told(each)));
            of.missed += replaced || all.is_counted(each) ? 1 : 0;
            told += all.is_counted(each) ? 1 : 0;
        }
        CHECK(all.counted <= told);
        if (!conflates(of.past) && of.past != overflow_policy::signal) {
            CHECK(all.counted == told);
        }
    }

    /// The same of several, and that what they missed is counted.
    void check(std::vector<reader*> all) const {
        std::uint64_t missed = 0;
        for (reader* const each : all) {
            check(*each);
            CHECK(each->from.dropped() == each->missed);
            missed += each->missed;
        }
        const manager_stats stats = to_.stats();
        CHECK(stats.published == notes_.size());
        CHECK(stats.dropped == missed);
    }

private:
    struct range {
        std::uint64_t from;
        std::uint64_t to;
        bool is_counted;

        bool holds(const note& each) const { return from <= each.sequence && each.sequence <= to; }
    };

    /// What a stream holds.
    struct seen {
        std::vector<std::uint64_t> got;
        std::vector<range> gaps;
        std::uint64_t signalled = 0; ///< up to where
        std::uint64_t counted = 0;   ///< by its gaps

        bool has(const note& of) const { return std::ranges::count(got, of.sequence) == 1; }
        bool is_told(const note& of) const {
            return std::ranges::any_of(gaps, [&](const range& each) { return each.holds(of); });
        }
        bool is_counted(const note& of) const {
            return std::ranges::any_of(
                gaps, [&](const range& each) { return each.is_counted && each.holds(of); });
        }
    };

    boost::system::result<event_id> ask(
        std::string_view topic, unsigned number, form how, std::size_t key) {
        constexpr std::array<std::string_view, 4> keys{"", "k1", "k2", "k3"};
        char digits[1024] = "own-id-";
        char* const end = std::to_chars(digits + 7, std::end(digits), number).ptr;
        publish_options options;
        options.key = keys[key];
        options.only_changes = how == form::changes;
        event_view whole{std::string_view{digits + 7, std::fill_n(end, padding_, ' ')}};
        if (how == form::own_id) {
            whole.id = {std::begin(digits), end};
        }
        return how == form::json ? to_.publish(topic, numbered{number}, options)
                                 : to_.publish(topic, whole, options);
    }

    bool is_for(const reader& of, const note& which) const {
        return which.sequence > of.since && which.sequence <= of.until &&
               std::ranges::count(of.topics, which.topic) > 0 &&
               (which.sequence > of.retained || is_newest(which, of.retained));
    }

    bool is_newest(const note& which, std::uint64_t until) const {
        return std::ranges::none_of(notes_, [&](const note& each) {
            return each.sequence > which.sequence && each.sequence <= until &&
                   each.topic == which.topic && each.key == which.key;
        });
    }

    static bool conflates(overflow_policy past) noexcept {
        return past == overflow_policy::conflate || past == overflow_policy::conflate_always;
    }

    /// By an event that stands for it, got or told.
    bool is_replaced(const reader& of, const seen& all, const note& which) const {
        if (of.past == overflow_policy::signal) {
            return which.sequence <= all.signalled;
        }
        return conflates(of.past) && std::ranges::any_of(notes_, [&](const note& each) {
            return each.sequence > which.sequence && each.topic == which.topic &&
                   each.key == which.key && (all.has(each) || all.is_told(each));
        });
    }

    seen look(const reader& of) const {
        std::string stream;
        for (const frame& each : of.frames) {
            stream += each.text();
        }
        seen all;
        std::uint64_t last = of.since;
        for (const received& each : event_reader{stream}.events) {
            if (each.type == "crier.gap") {
                take_gap(of, all, boost::json::parse(each.data).as_object());
            } else if (each.type == "crier.signal") {
                all.signalled = parse_event_id(each.id).value_or(event_id{}).sequence;
                CHECK(all.signalled > last);
            } else {
                const auto found = std::ranges::find(notes_, number_in(each.data), &note::number);
                REQUIRE(found != notes_.end());
                CHECK(is_for(of, *found));
                CHECK(found->sequence > last);
                last = found->sequence;
                all.got.push_back(last);
            }
        }
        return all;
    }

    void take_gap(const reader& of, seen& all, const boost::json::object& told) const {
        const auto place = [&](const char* name) {
            return parse_event_id(std::string_view{told.at(name).as_string()}).value_or(event_id{});
        };
        const event_id first = place("from");
        const event_id last = place("to");
        const auto* const count = told.if_contains("count");
        all.counted += count == nullptr ? 0 : count->to_number<std::uint64_t>();
        // After an id of another numbering nothing of this one is known.
        const range gap{
            first.epoch == last.epoch ? first.sequence : 0, last.sequence, count != nullptr};
        all.gaps.push_back(gap);
        CHECK(gap.from <= gap.to);
        // Nobody is told of a gap who misses nothing in it.
        CHECK(std::ranges::any_of(
            notes_, [&](const note& each) { return is_for(of, each) && gap.holds(each); }));
    }

    static unsigned number_in(std::string_view data) {
        data.remove_prefix(data.starts_with('[') ? 1 : 0);
        unsigned number = 0;
        std::from_chars(data.data(), data.data() + data.size(), number);
        return number;
    }

    manager& to_;
    std::vector<note> notes_;
    unsigned number_ = 0;
    std::size_t padding_ = 0;
    std::uint64_t epoch_ = 0;
    bool is_later_ = false;
    bool is_refused_ = false;
};

} // namespace crier::test
