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
        for (const auto& connection : of_.connections) {
            for (const item& each : connection) {
                take(each);
            }
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
        ++result_.count;
        if (result_.violations.size() < 5) {
            result_.violations.push_back(what);
        }
    }

    std::pair<std::size_t, std::uint64_t> newest(std::size_t topic, std::uint32_t key) const {
        const auto found = newest_.find({topic, key});
        return found == newest_.end() ? std::pair<std::size_t, std::uint64_t>{} : found->second;
    }

    void take(const item& each) {
        const place at = all_.place_of(each.id);
        if (each.is != item::kind::event) {
            ++result_.gaps;
            const place from = each.is == item::kind::gap ? all_.place_of(each.gap_from) : place{};
            if (each.is_overflow) {
                check_count(from, at, each.gap_count.value_or(0));
            }
            gaps_.push_back({from, at});
            return;
        }
        ++result_.received;
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
                told += is_in_gap({to.life, next->sequence}) ? 1 : 0;
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
                } else if (of_.conflates) {
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
    bool begun_ = false;
    std::array<cursor, topic_count> position_{};
    std::vector<range> gaps_;
    std::vector<missing> superseded_;
    std::map<std::pair<std::size_t, std::uint32_t>, std::pair<std::size_t, std::uint64_t>> newest_;
};

} // namespace

verdict check(const record& of, const published& all) { return checker{of, all}.run(); }

} // namespace crier::model
