#include "nats_catching_up.hpp"

#include <crier/wire/errc.hpp>

#include "nats_tokens.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace crier::detail {
namespace {

/// Gives what a scan reads until a number. What is later goes on to be read by it, but is not
/// given. Where it is read may be behind the leader: that is an error, as of other topics nothing
/// later may be given before what is lacking.
nats_merge::source until(std::uint64_t last, std::shared_ptr<nats_scan> by) {
    return [last, by = std::move(by),
               is_at_end =
                   false]() mutable -> boost::system::result<std::optional<nats_kept_message>> {
        if (is_at_end) {
            return std::nullopt;
        }
        constexpr std::size_t at_once = 128;
        auto next = by->next(at_once);
        if (next && !*next) {
            return errc::journal_unavailable;
        }
        is_at_end = next && (*next)->kept.sequence >= last;
        return next;
    };
}

} // namespace

boost::system::error_code nats_catching_up::run(
    std::span<const nats_place> places, std::uint64_t until, nats_teller& to) {
    auto found = find_moved(places, until);
    return found ? read_all(*found, to) : found.error();
}

boost::system::error_code nats_catching_up::fill(
    const nats_place& place, std::uint64_t until, nats_teller& to) {
    auto found = find_moved({&place, 1}, until);
    if (!found) {
        return found.error();
    }
    const auto [at, is_gone] = found->try_emplace(place.topic, moved{place.through, until});
    at->second.has_some = true;
    if (is_gone) {
        at->second.miss(at->first, until, to);
        return {};
    }
    return read_all(*found, to);
}

boost::system::result<nats_catching_up::moved_topics> nats_catching_up::find_moved(
    std::span<const nats_place> places, std::uint64_t until) const {
    std::vector<std::string> topics;
    topics.reserve(places.size());
    for (const nats_place& each : places) {
        topics.push_back(each.topic);
    }
    const auto newest = lookups_.newest_of(topics);
    if (!newest) {
        return newest.error();
    }
    moved_topics result;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::uint64_t last = std::min((*newest)[i], until);
        if (places[i].through < last) {
            result.emplace(places[i].topic, moved{places[i].through, last, (*newest)[i] <= until});
        }
    }
    return result;
}

/// What may be missing is asked for once something was read, and once again at the end, when it is
/// known what was removed meanwhile. A topic that has forgotten all may have had events before
/// that, which are gone without a trace.
boost::system::error_code nats_catching_up::read_all(moved_topics& all, nats_teller& to) const {
    if (all.empty()) {
        return {};
    }
    nats_merge by;
    const bool is_whole_stream = add_sources(all, by);
    if (const auto error = by.fetch()) {
        return error;
    }
    if (const auto error = tell_missed(all, to)) {
        return error;
    }
    std::uint64_t read_through = 0;
    while (true) {
        const auto next = by.next();
        if (!next) {
            return next.error();
        }
        if (!*next) {
            break;
        }
        read_through = (*next)->kept.sequence;
        const auto topic = nats_kept_topic(in_.name(), (*next)->message.subject());
        const auto found = topic ? all.find(*topic) : all.end();
        if (found != all.end()) {
            tell(found->first, found->second, **next, to);
        }
    }
    if (const auto error = tell_missed(all, to)) {
        return error;
    }
    bool is_done = true;
    for (auto& [topic, of] : all) {
        const std::uint64_t through = is_whole_stream ? read_through : of.through;
        if (of.has_some && of.first == 0 && through >= of.until) {
            of.miss(topic, of.until, to);
        }
        to.reached(topic, std::min(through, of.until));
        is_done = is_done && through >= of.until;
    }
    // Where it is read may be behind the leader.
    return is_done ? boost::system::error_code{} : errc::journal_unavailable;
}

/// A few topics are read each by itself, instead of more the whole stream is. Whether it is.
bool nats_catching_up::add_sources(const moved_topics& all, nats_merge& to) const {
    constexpr std::size_t a_few = 32;
    if (all.size() <= a_few) {
        for (const auto& [topic, of] : all) {
            to.add(until(of.until,
                std::make_shared<nats_scan>(in_, nats_kept_subject(in_.name(), topic), of.after)));
        }
        return false;
    }
    std::uint64_t after = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t last = 0;
    for (const auto& [topic, of] : all) {
        after = std::min(after, of.after);
        last = std::max(last, of.until);
    }
    to.add(until(last, std::make_shared<nats_scan>(in_, in_.name() + ".e.>", after)));
    return true;
}

boost::system::error_code nats_catching_up::tell_missed(moved_topics& all, nats_teller& to) const {
    std::vector<nats_place> places;
    for (const auto& [topic, of] : all) {
        places.push_back({topic, of.after});
    }
    const auto rests = lookups_.rests_of(places);
    if (!rests) {
        return rests.error();
    }
    auto rest = rests->begin();
    for (auto& [topic, of] : all) {
        of.miss(topic, rest->evicted_through, to);
        if (of.forgets_first && rest->first == of.first) {
            of.miss(topic, of.first - 1, to);
        }
        ++rest;
    }
    return {};
}

void nats_catching_up::tell(
    std::string_view topic, moved& of, const nats_kept_message& message, nats_teller& to) {
    const std::uint64_t sequence = message.kept.sequence;
    if (sequence <= of.after) {
        return;
    }
    of.through = sequence;
    if (sequence > of.until) {
        return;
    }
    if (of.first == 0) {
        of.first = sequence;
        of.forgets_first = forgets_all(message.message);
    }
    to.read(topic, message);
}

void nats_catching_up::moved::miss(std::string_view topic, std::uint64_t last, nats_teller& to) {
    last = std::min(last, until);
    if (last > std::max(after, missed_through)) {
        to.missed(topic, after, last);
        missed_through = last;
    }
}

} // namespace crier::detail
