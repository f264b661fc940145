#include "record.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace crier::model {
namespace {

std::string text_of(const note& of) {
    std::string text = std::to_string(of.topic);
    return text.append(" ")
        .append(std::to_string(of.key))
        .append(" ")
        .append(std::to_string(of.number));
}

class checker {
public:
    checker(const record& of, const published& all) : of_{of}, all_{all} {}

    verdict run() {
        for (const connection& each : of_.connections) {
            for (const item& received : each.items) {
                take(received);
            }
            ++taken_;
        }
        // All clients were let come to the end.
        if (begun_) {
            pass_until({all_.lives(), 0});
        }
        for (const auto& [topic, key, at] : superseded_) {
            if (std::pair{at.life, at.sequence} >= newest(topic, key)) {
                fail("event " + shown(at) +
                     " is missing, and nothing newer of its key came or was told of");
            } else {
                ++result_.conflated;
            }
        }
        return std::move(result_);
    }

private:
    struct range {
        place first;
        place last;
    };
    struct missing {
        std::size_t topic;
        std::uint32_t key;
        place at;
    };

    static std::string shown(place at) {
        return "life " + std::to_string(at.life) + " number " + std::to_string(at.sequence);
    }

    void fail(const std::string& what) {
        if (result_.count++ == 0) {
            tell_history();
        }
        if (result_.violations.size() < 5) {
            result_.violations.push_back(what);
        }
    }

    /// Notes what the client saw shortly before and after.
    void tell_history() {
        const std::size_t end = std::min(taken_ + 2, of_.connections.size());
        for (std::size_t i = taken_ - std::min<std::size_t>(taken_, 2); i < end; ++i) {
            const connection& told = of_.connections[i];
            std::string line = "connection " + std::to_string(i) + " after \"" +
                               shown_id(told.resumed_from) + "\": ";
            const std::vector<std::string> seen = runs_of(told.items);
            constexpr std::size_t few = 4;
            for (std::size_t at = 0; at < seen.size(); ++at) {
                if (at < few || at + few >= seen.size()) {
                    line += seen[at] + "; ";
                } else if (at == few) {
                    line += "...; ";
                }
            }
            result_.history.push_back(line + (told.has_left ? "it left" : "the server ended it"));
        }
    }

    /// Each gap, and the first and the last event of those between gaps.
    std::vector<std::string> runs_of(const std::vector<item>& items) const {
        std::vector<std::string> runs;
        const auto is_event = [](const item& each) { return each.is == item::kind::event; };
        for (auto at = items.begin(); at != items.end();) {
            const auto end = is_event(*at) ? std::find_if_not(at, items.end(), is_event) : at + 1;
            runs.push_back(shown(*at));
            if (end - at > 1) {
                runs.back() += " ... " + shown(end[-1]);
            }
            at = end;
        }
        return runs;
    }

    std::string shown_id(const std::string& id) const {
        const auto parsed = parse_event_id(id);
        return parsed ? shown(all_.place_of(*parsed)) : id;
    }

    std::string shown(const item& each) const {
        const bool is_gap = each.is == item::kind::gap;
        const std::string at = shown(all_.place_of(is_gap ? each.gap_to : each.id));
        switch (each.is) {
        case item::kind::event: return at;
        case item::kind::signal: return "signal up to " + at;
        case item::kind::gap: break;
        }
        return (each.is_overflow ? "overflow from " : "gap from ") +
               shown(all_.place_of(each.gap_from)) + " to " + at +
               (each.gap_count ? " (" + std::to_string(*each.gap_count) + ")" : "");
    }

    std::pair<std::size_t, std::uint64_t> newest(std::size_t topic, std::uint32_t key) const {
        const auto found = newest_.find({topic, key});
        return found == newest_.end() ? std::pair<std::size_t, std::uint64_t>{} : found->second;
    }

    void take(const item& each) {
        const bool is_gap = each.is == item::kind::gap;
        const place at = all_.place_of(is_gap ? each.gap_to : each.id);
        if (each.is != item::kind::event) {
            ++result_.gaps;
            const place from = is_gap ? all_.place_of(each.gap_from) : place{};
            if (each.is_overflow) {
                check_count(from, at, each.gap_count.value_or(0));
            }
            gaps_.push_back({from, at});
            return;
        }
        ++result_.received;
        if (!begun_ && is_old_state(at)) {
            return;
        }
        if (!std::exchange(begun_, true)) {
            begin_after(at);
        }
        pass_until(at);
        const auto topic = std::ranges::find_if(of_.topics, [&](std::size_t candidate) {
            const note* const next = next_of(candidate);
            return next != nullptr && position_[candidate].life == at.life &&
                   next->sequence == at.sequence;
        });
        if (topic == of_.topics.end()) {
            fail("event " + shown(at) + " (" + each.data +
                 ") came twice, out of order, or was not published to its topics");
            return;
        }
        const note& expected = *next_of(*topic);
        if (each.data != text_of(expected)) {
            fail(
                "event " + shown(at) + " has the data " + each.data + ", not " + text_of(expected));
        }
        newest_[{*topic, expected.key}] = {at.life, at.sequence};
        ++position_[*topic].index;
    }

    /// An overflow's count is exact, but for what another gap has told of before, and what newer
    /// events stand for.
    void check_count(place from, place to, std::uint64_t count) {
        std::uint64_t most = 0;
        std::uint64_t told = 0;
        for (const std::size_t topic : of_.topics) {
            const auto& notes = all_.of(to.life, topic);
            auto next = std::ranges::lower_bound(notes, from.sequence, {}, &note::sequence);
            for (; next != notes.end() && next->sequence <= to.sequence; ++next) {
                ++most;
                // Of a topic of state, what is read back has left out what was superseded.
                told += topic == state_topic || is_in_gap({to.life, next->sequence}) ? 1 : 0;
            }
        }
        if (from.life != to.life || count > most || (!of_.conflates && count < most - told)) {
            fail("a gap from " + shown(from) + " to " + shown(to) + " counts " +
                 std::to_string(count) + " events, of " + std::to_string(most));
        }
    }

    struct cursor {
        std::size_t life = 0;
        std::size_t index = 0;
    };

    /// The next event of a topic that the client has not come to.
    const note* next_of(std::size_t topic) {
        cursor& at = position_[topic];
        while (at.life < all_.lives() && at.index >= all_.of(at.life, topic).size()) {
            at = {at.life + 1, 0};
        }
        return at.life < all_.lives() ? &all_.of(at.life, topic)[at.index] : nullptr;
    }

    /// What a topic retains comes first, and says nothing of what the others had by then.
    bool is_old_state(place at) const {
        const auto& notes = all_.of(at.life, state_topic);
        return of_.topics.size() > 1 &&
               std::ranges::binary_search(notes, at.sequence, {}, &note::sequence);
    }

    void begin_after(place first) {
        for (const std::size_t topic : of_.topics) {
            const auto& notes = all_.of(first.life, topic);
            const auto begin = std::ranges::lower_bound(notes, first.sequence, {}, &note::sequence);
            position_[topic] = {first.life, static_cast<std::size_t>(begin - notes.begin())};
        }
    }

    /// What lies before a place must be in a gap, or superseded.
    void pass_until(place end) {
        for (const std::size_t topic : of_.topics) {
            while (const note* const next = next_of(topic)) {
                const place at{position_[topic].life, next->sequence};
                if (at >= end) {
                    break;
                }
                if (is_in_gap(at)) {
                    ++result_.in_gaps;
                    newest_[{topic, next->key}] = {at.life, at.sequence};
                } else if (of_.conflates || topic == state_topic) {
                    superseded_.push_back({topic, next->key, at});
                } else {
                    fail("event " + shown(at) + " is missing before " + shown(end));
                }
                ++position_[topic].index;
            }
        }
    }

    bool is_in_gap(place at) const {
        return std::any_of(gaps_.rbegin(), gaps_.rend(),
            [at](const range& each) { return each.first <= at && at <= each.last; });
    }

    const record& of_;
    const published& all_;
    verdict result_;
    std::size_t taken_ = 0;
    bool begun_ = false;
    std::array<cursor, topic_count> position_{};
    std::vector<range> gaps_;
    std::vector<missing> superseded_;
    std::map<std::pair<std::size_t, std::uint32_t>, std::pair<std::size_t, std::uint64_t>> newest_;
};

} // namespace

verdict check(const record& of, const published& all) { return checker{of, all}.run(); }

} // namespace crier::model
