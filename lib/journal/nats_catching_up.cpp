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

/// The topic of a subject under which a stream keeps messages.
std::optional<std::string> topic_of(std::string_view subject, const std::string& stream) {
    constexpr std::string_view kept = ".e.";
    const std::size_t size = stream.size() + kept.size();
    return subject.size() > size ? nats_topic_of(subject.substr(size)) : std::nullopt;
}

/// Gives what a scan reads until a number. What is later goes on to be read by it, but is not
/// given.
nats_merge::source until(std::uint64_t last, std::shared_ptr<nats_scan> by) {
    return [last, by = std::move(by),
               is_at_end =
                   false]() mutable -> boost::system::result<std::optional<nats_kept_message>> {
        if (is_at_end) {
            return std::nullopt;
        }
        constexpr std::size_t at_once = 128;
        auto next = by->next(at_once);
        is_at_end = next && (!*next || (*next)->kept.sequence >= last);
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
    if (found->empty()) {
        to.missed(place.topic, place.through, until);
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
            result.emplace(places[i].topic, moved{places[i].through, last, 0, {}});
        }
    }
    return result;
}

/// What may be missing is asked for once something was read, and once again at the end, when it is
/// known what was removed meanwhile.
boost::system::error_code nats_catching_up::read_all(moved_topics& all, nats_teller& to) const {
    if (all.empty()) {
        return {};
    }
    nats_merge by;
    add_sources(all, by);
    if (const auto error = by.fetch()) {
        return error;
    }
    if (const auto error = tell_missed(all, to)) {
        return error;
    }
    while (true) {
        const auto next = by.next();
        if (!next) {
            return next.error();
        }
        if (!*next) {
            break;
        }
        const auto topic = topic_of((*next)->message.subject(), in_.name());
        const auto found = topic ? all.find(*topic) : all.end();
        if (found != all.end()) {
            tell(found->first, found->second, **next, to);
        }
    }
    if (const auto error = tell_missed(all, to)) {
        return error;
    }
    bool is_whole = true;
    for (const auto& [topic, of] : all) {
        is_whole = is_whole && of.through >= of.until;
        to.reached(topic, std::min(of.through, of.until));
    }
    // Where it is read may be behind the leader.
    return is_whole ? boost::system::error_code{} : errc::journal_unavailable;
}

/// A few topics are read each by itself, of more the whole stream is.
void nats_catching_up::add_sources(const moved_topics& all, nats_merge& to) const {
    constexpr std::size_t a_few = 32;
    if (all.size() <= a_few) {
        for (const auto& [topic, of] : all) {
            to.add(until(of.until,
                std::make_shared<nats_scan>(in_, nats_kept_subject(in_.name(), topic), of.after)));
        }
        return;
    }
    std::uint64_t after = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t last = 0;
    for (const auto& [topic, of] : all) {
        after = std::min(after, of.after);
        last = std::max(last, of.until);
    }
    to.add(until(last, std::make_shared<nats_scan>(in_, in_.name() + ".e.>", after)));
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
        const std::uint64_t through = std::min(rest->evicted_through, of.until);
        if (through > std::max(of.after, of.rest.evicted_through)) {
            to.missed(topic, of.after, through);
        }
        of.rest = *rest++;
    }
    return {};
}

/// A topic that has forgotten all may have had events before that, which are gone without a trace.
void nats_catching_up::tell(
    std::string_view topic, moved& of, const nats_kept_message& message, nats_teller& to) {
    const std::uint64_t sequence = message.kept.sequence;
    if (sequence <= of.after) {
        return;
    }
    const bool is_first = std::exchange(of.through, sequence) == 0;
    if (sequence > of.until) {
        return;
    }
    const bool is_first_of_all = is_first && sequence == of.rest.first;
    if (is_first_of_all && sequence - 1 > std::max(of.after, of.rest.evicted_through) &&
        forgets_all(message.message)) {
        to.missed(topic, of.after, sequence - 1);
    }
    to.read(topic, message);
}

} // namespace crier::detail
