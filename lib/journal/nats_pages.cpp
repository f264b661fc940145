#include "nats_pages.hpp"

#include <crier/wire/errc.hpp>

#include "async/durations.hpp"
#include "evicted.hpp"
#include "nats_tokens.hpp"
#include "nats_values.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace crier::detail {
namespace {

using std::chrono::system_clock;

/// Puts what is kept into a page, while there is room.
class nats_filling {
public:
    nats_filling(journal_page& page, nats_pages::limits most) noexcept : page_{page}, most_{most} {}

    /// Passes over so many, the oldest.
    void skip(std::uint64_t count) noexcept { skipped_ = count; }

    /// Passes over what is older, but for one.
    void begin_at(system_clock::time_point oldest, std::uint64_t spared) noexcept {
        oldest_ = oldest;
        spared_ = spared;
    }

    /// Whether there is more room.
    bool add(const nats_kept_message& next) {
        const bool is_old = next.kept.at < oldest_ && next.kept.sequence != spared_;
        if (skipped_ > 0 || is_old) {
            skipped_ -= skipped_ > 0 ? 1 : 0;
            note_evicted(page_, next.kept.sequence);
            return true;
        }
        if (auto record = nats_record_of(next.message, next.kept.sequence, next.kept.at)) {
            if (forgets_all(*record)) {
                page_.records.clear();
                bytes_ = 0;
                note_evicted(page_, record->sequence);
            }
            bytes_ += record->text.size();
            page_.records.push_back(*std::move(record));
        }
        return page_.records.size() < most_.events && bytes_ < most_.bytes;
    }

private:
    journal_page& page_;
    nats_pages::limits most_;
    std::size_t bytes_ = 0;
    std::uint64_t skipped_ = 0;
    system_clock::time_point oldest_ = system_clock::time_point::min();
    std::uint64_t spared_ = 0;
};

} // namespace

void nats_pages::keep(std::string_view topic, const history_limits& history, retention retain) {
    const std::scoped_lock locked{lock_};
    wishes_.insert_or_assign(std::string{topic}, wish{history, retain});
}

boost::system::result<journal_page> nats_pages::read(
    std::string_view topic, std::uint64_t after, limits most) const {
    journal_page page;
    const auto to = end_of(topic);
    if (!to) {
        return to.error();
    }
    if (most.events == 0) {
        page.through = after;
        return page;
    }
    page.through = std::max(to->through, after);
    if (after < to->newest) {
        const wish wanted = wish_of(topic);
        nats_filling into{page, most};
        nats_scan by = scan(topic, after, nats_scan::part::all);
        if (wanted.history) {
            const auto pending = by.pending();
            if (!pending) {
                return pending.error();
            }
            into.skip(*pending - std::min<std::uint64_t>(*pending, wanted.history->events));
            const auto age = in_range(wanted.history->age, history_limits{}.age);
            into.begin_at(
                system_clock::now() - age, wanted.retain == retention::newest ? to->newest : 0);
        }
        const auto through =
            walk(by, *to, [&](const nats_kept_message& next) { return into.add(next); });
        if (!through) {
            return through.error();
        }
        page.through = *through;
    }
    const auto evicted = evicted_through(topic, after);
    if (!evicted) {
        return evicted.error();
    }
    note_evicted(page, *evicted);
    return page;
}

boost::system::result<journal_page> nats_pages::read_retained(
    std::string_view topic, std::uint64_t after, limits most) const {
    const wish wanted = wish_of(topic);
    const auto to = end_of(topic);
    if (!to) {
        return to.error();
    }
    journal_page page;
    page.through = std::max(to->through, after);
    if (wanted.retain == retention::none || to->newest <= after) {
        return page;
    }
    nats_values values{wanted.retain};
    const visitor use = [&values](const nats_kept_message& next) {
        if (auto record = nats_record_of(next.message, next.kept.sequence, next.kept.at)) {
            values.take(*std::move(record));
        }
        return true;
    };
    boost::system::error_code error;
    if (wanted.retain == retention::newest) {
        error = walk_all(topic, to->newest - 1, nats_scan::part::all, use);
    }
    const bool has_newest = !values.empty();
    if (!error && !has_newest) {
        error = walk_all(topic, 0, nats_scan::part::all, use);
    }
    if (error) {
        return error;
    }
    if (!values.give(page, after, most.events, most.bytes)) {
        page.through = page.records.empty() ? after : page.records.back().sequence;
    }
    if (wanted.retain == retention::newest && !page.records.empty()) {
        return page;
    }
    const auto evicted = evicted_through(topic, after);
    if (!evicted) {
        return evicted.error();
    }
    note_evicted(page, std::max(*evicted, values.forgotten_through()));
    return page;
}

boost::system::result<std::optional<std::uint64_t>> nats_pages::find(
    std::string_view topic, std::string_view own_id) const {
    std::optional<std::uint64_t> found;
    if (own_id.empty()) {
        return found;
    }
    const auto error =
        walk_all(topic, 0, nats_scan::part::headers, [&](const nats_kept_message& next) {
            if (forgets_all(next.message)) {
                found.reset();
            }
            if (!found && nats_own_id_of(next.message) == own_id) {
                found = next.kept.sequence;
            }
            return true;
        });
    if (error) {
        return error;
    }
    return found;
}

boost::system::result<std::optional<std::uint64_t>> nats_pages::find_message(
    std::string_view topic, std::uint64_t after, std::string_view message_id) const {
    std::optional<std::uint64_t> found;
    const auto error =
        walk_all(topic, after, nats_scan::part::headers, [&](const nats_kept_message& next) {
            if (nats_message_id(next.message) == message_id) {
                found = next.kept.sequence;
            }
            return !found;
        });
    if (error && !found) {
        return error;
    }
    return found;
}

nats_pages::wish nats_pages::wish_of(std::string_view topic) const {
    const std::scoped_lock locked{lock_};
    const auto found = wishes_.find(topic);
    return found == wishes_.end() ? wish{} : found->second;
}

nats_scan nats_pages::scan(std::string_view topic, std::uint64_t after, nats_scan::part of) const {
    return {in_, nats_kept_subject(in_.name(), topic), after, of};
}

/// What the stream gets of the topic between the two answers is later than the first.
boost::system::result<nats_pages::end> nats_pages::end_of(std::string_view topic) const {
    const auto info = in_.info();
    if (!info) {
        return info.error();
    }
    const auto newest = lookups_.newest_of(topic);
    if (!newest) {
        return newest.error();
    }
    return end{*newest, std::max(info->newest, *newest)};
}

/// How far it went: to the end, or to the last that was used. Where messages are read may be behind
/// the leader, which is known by its newest one: then what is there is given.
boost::system::result<std::uint64_t> nats_pages::walk(
    nats_scan& by, end to, const visitor& use) const {
    std::uint64_t last = 0;
    while (last < to.newest) {
        auto next = by.next(std::numeric_limits<std::size_t>::max());
        if (!next) {
            return next.error();
        }
        if (!*next) {
            break;
        }
        last = (*next)->kept.sequence;
        if (!use(**next)) {
            break;
        }
    }
    if (last >= to.newest) {
        return std::max(to.through, last);
    }
    if (last == 0) {
        return errc::journal_unavailable;
    }
    return last;
}

boost::system::error_code nats_pages::walk_all(
    std::string_view topic, std::uint64_t after, nats_scan::part of, const visitor& use) const {
    const auto newest = lookups_.newest_of(topic);
    if (!newest) {
        return newest.error();
    }
    if (*newest <= after) {
        return {};
    }
    nats_scan by = scan(topic, after, of);
    const auto through = walk(by, {*newest, *newest}, use);
    return !through           ? through.error()
         : *through < *newest ? make_error_code(errc::journal_unavailable)
                              : boost::system::error_code{};
}

/// To be asked after reading: what was removed meanwhile is known then.
boost::system::result<std::uint64_t> nats_pages::evicted_through(
    std::string_view topic, std::uint64_t after) const {
    const auto rest = lookups_.rest_of({std::string{topic}, after});
    if (!rest) {
        return rest.error();
    }
    return rest->evicted_through;
}

} // namespace crier::detail
