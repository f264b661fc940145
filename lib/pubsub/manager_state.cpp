#include "manager_state.hpp"

#include <crier/wire/errc.hpp>

#include "async/executors.hpp"
#include "heartbeat.hpp"
#include "log_limit.hpp"
#include "log_line.hpp"
#include "options.hpp"
#include "topic_publisher.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

std::uint64_t random_epoch() {
    std::random_device source;
    constexpr unsigned bits = 40; // so many, for short ids
    return (std::uint64_t{source()} << 20 ^ source()) % (std::uint64_t{1} << bits);
}

/// Of the journal, or one that begins anew.
journal::numbering numbering_of(journal* by) {
    if (by == nullptr) {
        return {random_epoch(), 0};
    }
    return by->begin().value();
}

} // namespace

manager_state::manager_state(const asio::any_io_executor& executor, manager_options&& checked,
    const journal::numbering& from)
    : core_{std::make_shared<const logger>(limited(checked.log)), std::move(checked), from},
      heartbeat_{heartbeat_of(core_.options)},
      left_{std::make_shared<leftovers>(executor)},
      polling_{std::make_shared<lifecycle>(strand_on(executor), core_.log, left_)} {}

std::shared_ptr<manager_state> manager_state::make(
    const asio::any_io_executor& executor, manager_options options) {
    manager_options checked = in_range(std::move(options));
    const journal::numbering from = numbering_of(checked.journal.get());
    const std::shared_ptr<manager_state> made{
        new manager_state{executor, std::move(checked), from}};
    made->own_ = made->core_.shards.at(made->polling_->get_executor(), made);
    made->core_.reviews.live_on(made->own_, made);
    if (made->core_.options.journal) {
        made->begin_journaling();
    }
    return made;
}

manager_state::~manager_state() = default;

void manager_state::begin_journaling() {
    journaling_ = std::make_unique<journaling>(
        core_, journaling::hooks{
                   .act = [this](journal_action what, std::string_view name, std::string_view key,
                              owed_drains& owed) { act(what, name, key, owed); },
                   .at_end = [this](owed_drains& owed) { end_topics(owed); }});
    reading_back_.journal = &journaling_->reader();
    publishing_.go_by(*journaling_);
}

void manager_state::end_journaling() noexcept {
    if (journaling_) {
        journaling_->join();
    }
}

void manager_state::shard_has_shed(std::uint64_t oldest, bool has_subscribers) noexcept {
    owed_drains owed;
    const std::lock_guard lock{core_.guard};
    if (!core_.is_shut_down) {
        core_.room.shard_has_shed(oldest, has_subscribers, core_.sequence, owed);
    }
}

// --- subscribing

std::shared_ptr<shard> manager_state::shard_of(const asio::any_io_executor& executor) {
    if (!executor || executor == own_->get_executor()) {
        return own_;
    }
    const std::lock_guard lock{core_.guard};
    return core_.shards.at(executor, weak_from_this());
}

void manager_state::subscribe(const std::shared_ptr<shard>& on, subscriber& who,
    std::vector<topic_options> topics, const subscribe_options& options) {
    check(options.queue.value_or(core_.options.queue));
    asked_topics asked{std::move(topics), core_.topics, core_.options};
    who.memberships.reserve(asked.size());
    owed_drains owed;
    std::unique_lock lock{core_.guard};
    make_missing_runs(asked, lock);
    if (core_.is_shut_down) {
        throw boost::system::system_error{errc::shut_down};
    }
    if (are_closed(asked)) {
        throw boost::system::system_error{errc::topic_closed};
    }
    who.pending.limit(asked.limits(options, core_.topics, core_.options));
    who.joined = core_.sequence;
    memberships::entering entered{memberships_, who, owed};
    for (asked_topic& each : asked) {
        entered.enter(each, on);
    }
    if (core_.shared != nullptr) {
        follow(who);
    }
    reading_back::begin(reading_back_, who, options.last_event_id);
    entered.stay();
    if (!who.is_behind) {
        memberships::join(on, who, owed);
    }
}

/// Lets the journal follow its topics that are not followed yet.
void manager_state::follow(const subscriber& who) {
    for (const membership& each : who.memberships) {
        if (topic& begun = *each.in->of; !begun.is_to_be_followed) {
            journaling_->follow(begun);
        }
    }
}

/// Whether all of them were closed lately.
bool manager_state::are_closed(asked_topics& asked) const noexcept {
    const clock::time_point now = clock::now();
    return std::ranges::all_of(
        asked, [&](const asked_topic& each) { return core_.closed.has(each.options.name, now); });
}

/// Makes what topics will be polled by that are not polled yet.
void manager_state::make_missing_runs(asked_topics& topics, std::unique_lock<std::mutex>& lock) {
    while (
        asked_topic* const next = core_.is_shut_down ? nullptr : topics.without_run(core_.topics)) {
        lock.unlock();
        const std::string& name = next->options.name;
        if (const auto* const source = std::exchange(next->settings.source, nullptr)) {
            next->options.polling = (*source)(name);
        }
        if (next->options.polling) {
            next->spare_run = polling_->make_run(next->options.polling, name);
            next->spare_run->to =
                std::make_unique<topic_publisher>(shared_from_this(), name, *next->spare_run);
        }
        lock.lock();
    }
}

bool manager_state::read_on(const std::shared_ptr<shard>& on, subscriber& who) {
    owed_drains owed;
    const std::lock_guard lock{core_.guard};
    if (who.past) {
        on->add_resident(who);
        const reading_back::progress made = who.past->read_piece(on);
        const bool is_over = core_.is_shut_down && made == reading_back::progress::waits;
        if (made != reading_back::progress::done && !is_over) {
            return made == reading_back::progress::more;
        }
        const end_kind how = core_.is_shut_down ? end_kind::shut_down : who.past->how_ended();
        if (how == end_kind::none) {
            memberships::join(on, who, owed);
        }
        who.end = std::max(who.end, how);
        who.past.reset();
    }
    who.is_behind = false;
    return true;
}

void manager_state::unsubscribe(const std::shared_ptr<shard>& from, subscriber& who) noexcept {
    owed_drains owed;
    const std::lock_guard lock{core_.guard};
    if (memberships_.leave(who, owed)) {
        intrusive_ptr_add_ref(&who);
        owed.push(from, static_cast<leaving&>(who));
    }
}

void manager_state::forget(subscriber& who) noexcept {
    owed_drains owed;
    const std::lock_guard lock{core_.guard};
    static_cast<void>(memberships_.leave(who, owed));
}

// --- ending

/// Does it after what was published before: at once, unless some of that waits for the journal, or
/// the journal is to forget something.
void manager_state::take_turn(turn&& by) {
    owed_drains owed;
    const std::lock_guard lock{core_.guard};
    if (journaling_ && !core_.is_shut_down && (by.forgets || !journaling_->is_settled())) {
        journaling_->add(std::move(by));
    } else {
        by.act(owed);
    }
}

/// Where nodes share the journal, it tells them all, after what was published before. False: they
/// do not.
bool manager_state::send_action(std::string_view name, journal_action what, std::string_view key) {
    if (core_.shared == nullptr) {
        return false;
    }
    outgoing sent;
    sent.shared = std::make_unique<shared_part>(
        shared_part{.topic = std::string{name}, .action = what, .key = std::string{key}});
    sent.id.epoch = core_.epoch;
    owed_drains owed;
    owed_wake woken;
    const std::lock_guard lock{core_.guard};
    if (core_.is_shut_down) {
        return false;
    }
    journaling_->add(std::move(sent), woken);
    if (what == journal_action::close && core_.topics.find(name) == nullptr) {
        close_topic(name, owed); // it does not arrive here
    }
    return true;
}

/// What a node has sent.
void manager_state::act(
    journal_action what, std::string_view name, std::string_view key, owed_drains& owed) {
    switch (what) {
    case journal_action::publish: break;
    case journal_action::end_streams: end_streams(name, owed); break;
    case journal_action::close: close_topic(name, owed); break;
    case journal_action::forget:
        forget_kept(name, key.empty() ? std::nullopt : std::optional{key}, owed);
        break;
    }
}

void manager_state::end_streams(std::string_view name) {
    if (!send_action(name, journal_action::end_streams)) {
        take_turn({std::string{name},
            [this, topic = std::string{name}](owed_drains& owed) { end_streams(topic, owed); }});
    }
}

void manager_state::end_streams(std::string_view name, owed_drains& owed) const {
    if (topic* const ended = core_.topics.find(name)) {
        ended->end_streams(end_kind::closed, owed);
    }
}

void manager_state::close_topic(std::string_view name) {
    if (!send_action(name, journal_action::close)) {
        take_turn({std::string{name},
            [this, topic = std::string{name}](owed_drains& owed) { close_topic(topic, owed); },
            true});
    }
}

void manager_state::close_topic(std::string_view name, owed_drains& owed) {
    core_.closed.note(name, clock::now());
    if (topic* const closed = core_.topics.find(name)) {
        closed->end_streams(end_kind::topic_closed, owed);
        core_.reviews.stop(core_.topics.retire(*closed), owed);
        core_.reviews.adjust(owed);
    }
}

void manager_state::forget_kept(std::string_view name, std::optional<std::string> key) {
    const bool is_of_all = !key || !key->empty(); // without a key, the action is of the topic
    if (is_of_all && send_action(name, journal_action::forget, key.value_or(""))) {
        return;
    }
    const auto forget = [this, topic = std::string{name}, key](
                            owed_drains& owed) { forget_kept(topic, key, owed); };
    take_turn({std::string{name}, forget, true, std::move(key)});
}

void manager_state::forget_kept(
    std::string_view name, std::optional<std::string_view> key, owed_drains& owed) noexcept {
    if (topic* const emptied = core_.topics.find(name)) {
        emptied->forget(key);
        core_.topics.note_use(*emptied);
        core_.reviews.stop(core_.topics.review(*emptied, clock::now()), owed);
        core_.reviews.adjust(owed);
    }
}

void manager_state::shutdown() noexcept {
    owed_drains owed;
    const std::lock_guard lock{core_.guard};
    if (core_.is_shut_down.exchange(true)) {
        return;
    }
    if (journaling_) {
        journaling_->end(); // which ends the topics
    } else {
        end_topics(owed);
    }
}

void manager_state::end_topics(owed_drains& owed) noexcept {
    while (topic* const ended = core_.topics.any()) {
        ended->shut_down(owed);
        core_.reviews.stop(core_.topics.retire(*ended), owed);
    }
    core_.reviews.adjust(owed);
    left_->begin_end();
}

void manager_state::cut_streams() noexcept {
    owed_drains owed;
    const std::lock_guard lock{core_.guard};
    if (!std::exchange(has_cut_, true)) {
        core_.shards.for_each([&owed](shard& each) { each.cut_all(owed); });
    }
}

manager_stats manager_state::stats() const {
    manager_stats result;
    core_.counts->copy_to(result);
    result.refused = core_.refused;
    result.memory = core_.account()->used();
    {
        const std::lock_guard lock{core_.guard};
        result.subscribers = memberships_.subscribers();
        result.resumed = reading_back_.resumed;
        result.gaps = reading_back_.gaps;
        result.topics = core_.topics.stats();
        if (journaling_) {
            result.journal = journaling_->stats();
            result.refused += journaling_->refused();
        }
    }
    std::ranges::sort(result.topics, {}, &topic_stats::name);
    return result;
}

} // namespace crier::detail
