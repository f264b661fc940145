#include "verdict.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

namespace crier::model {
namespace {

class checker {
public:
    checker(const sightings& seen, const ledger& all, const settings& with)
        : seen_{seen}, all_{all}, with_{with} {
        if (seen.begin.epoch != 0) {
            at_ = seen.begin;
        }
        // What arrives late at a node is told to who has read on.
        for (const remark& each : seen.remarks) {
            const auto from = each.lost ? parse_event_id(each.lost->from) : std::nullopt;
            if (with.is_shared() && from && each.lost->reason == gap_reason::overflow) {
                gaps_.push_back({from->epoch, from->sequence, each.lost->to.sequence});
            }
        }
    }

    finding run() {
        auto next = seen_.remarks.begin();
        for (; now_ < seen_.events.size(); ++now_) {
            for (; next != seen_.remarks.end() && next->before <= now_; ++next) {
                take(*next);
            }
            take(seen_.events[now_]);
        }
        for (; next != seen_.remarks.end(); ++next) {
            take(*next);
        }
        if (!at_ || at_->epoch != seen_.end.epoch) {
            fail("it never came to the end, " + to_string(seen_.end));
        } else {
            pass_until(seen_.end.sequence + 1);
        }
        result_.received = seen_.events.size();
        return std::move(result_);
    }

private:
    struct range {
        std::uint64_t epoch;
        std::uint64_t first;
        std::uint64_t last;
    };

    void fail(std::string what) {
        if (result_.violations.empty()) {
            tell_history();
        }
        result_.violations.push_back(std::move(what));
    }

    /// What came shortly before and after, and all remarks there.
    void tell_history() {
        constexpr std::size_t near = 5;
        const std::size_t first = now_ - std::min(now_, near);
        for (std::size_t i = first; i < std::min(now_ + near, seen_.events.size() + 1); ++i) {
            for (const remark& each : seen_.remarks) {
                if (each.before == i) {
                    result_.history.push_back(
                        each.lost ? shown_gap(each) : "connected after '" + each.text + '\'');
                }
            }
            if (i < seen_.events.size()) {
                result_.history.push_back(
                    to_string(seen_.events[i].id) + " '" + shown(seen_.events[i].from) + '\'');
            }
        }
    }

    static std::string shown_gap(const remark& of) {
        return "gap " + of.text + " (" + std::string{to_string(of.lost->reason)} + ") from " +
               of.lost->from + " to " + to_string(of.lost->to);
    }

    void take(const remark& each) {
        if (!each.lost) {
            return;
        }
        ++result_.gaps[static_cast<std::size_t>(each.lost->reason)];
        const gap& lost = *each.lost;
        const std::optional<event_id> from = parse_event_id(lost.from);
        const bool is_other_epoch = from && from->epoch != lost.to.epoch;
        const bool is_right =
            from && (is_other_epoch ? lost.reason == gap_reason::epoch && !with_.outlasts_restarts()
                                    : can_be(lost.reason));
        if (!is_right) {
            fail("no such gap can be: " + shown_gap(each));
            return;
        }
        if (is_other_epoch) {
            constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
            gaps_.push_back({from->epoch, from->sequence, all});
            gaps_.push_back({lost.to.epoch, 0, lost.to.sequence});
            if (at_ && at_->epoch == from->epoch) {
                pass_until(all);
            }
            at_ = event_id{lost.to.epoch, 0};
        } else {
            gaps_.push_back({lost.to.epoch, from->sequence, lost.to.sequence});
        }
    }

    /// Who reads too slowly misses something in any case.
    bool can_be(gap_reason within_epoch) const {
        return within_epoch == gap_reason::overflow ||
               (within_epoch == gap_reason::evicted && !with_.keeps_all());
    }

    void take(const sighting& each) {
        if (at_ && at_->epoch != each.id.epoch) {
            fail(to_string(each.id) + " came after " + to_string(*at_) + " without a gap");
        } else if (at_ && each.id.sequence <= at_->sequence) {
            fail(to_string(each.id) + " came twice, or after " + to_string(*at_));
            return;
        } else if (at_) {
            pass_until(each.id.sequence);
        }
        if (!reads(each.from.topic)) {
            fail("event '" + shown(each.from) + "' is of a topic that was not asked for");
        }
        at_ = each.id;
    }

    bool reads(std::uint32_t topic) const {
        return std::ranges::find(seen_.topics, topic) != seen_.topics.end();
    }

    /// What lies before must be in a gap.
    void pass_until(std::uint64_t end) {
        const auto& events = all_.of(at_->epoch);
        auto next = events.upper_bound(at_->sequence);
        for (; next != events.end() && next->first < end; ++next) {
            if (!reads(next->second.topic)) {
                continue;
            }
            if (is_in_gap(next->first)) {
                ++result_.in_gaps;
            } else {
                fail(to_string(event_id{at_->epoch, next->first}) + " '" + shown(next->second) +
                     "' is missing");
            }
        }
    }

    bool is_in_gap(std::uint64_t sequence) const {
        return std::any_of(gaps_.rbegin(), gaps_.rend(), [&](const range& each) {
            return each.epoch == at_->epoch && each.first <= sequence && sequence <= each.last;
        });
    }

    const sightings& seen_;
    const ledger& all_;
    const settings& with_;
    std::size_t now_ = 0;
    std::optional<event_id> at_; ///< the last event, or what stands for those before
    std::vector<range> gaps_;
    finding result_;
};

} // namespace

finding check(const sightings& seen, const ledger& all, const settings& with) {
    return checker{seen, all, with}.run();
}

} // namespace crier::model
