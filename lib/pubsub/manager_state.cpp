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
    : options_{std::move(checked)},
      log_{std::make_shared<const logger>(limited(options_.log))},
      epoch_{from.epoch},
      heartbeat_{heartbeat_of(options_)},
      left_{std::make_shared<leftovers>(executor)},
      sequence_{from.newest},
      budget_{options_.memory_limit},
      closed_{options_.closed_for, budget_.account()},
      topics_{options_, budget_},
      reading_back_{topics_, epoch_, options_.ids},
      shards_{log_, counts_},
      polling_{std::make_shared<lifecycle>(strand_on(executor), log_, left_)} {}

std::shared_ptr<manager_state> manager_state::make(
    const asio::any_io_executor& executor, manager_options options) {
    manager_options checked = in_range(std::move(options));
    const journal::numbering from = numbering_of(checked.journal.get());
    const std::shared_ptr<manager_state> made{
        new manager_state{executor, std::move(checked), from}};
    made->own_ = made->shards_.at(made->polling_->get_executor(), made);
    made->reviews_.live_on(made->own_, made);
    if (made->options_.journal) {
        made->begin_journaling();
    }
    return made;
}

manager_state::~manager_state() = default;

void manager_state::begin_journaling() {
    journaling_ = std::make_unique<journaling>(options_.journal, options_.outbox,
        journaling::surroundings{.guard = mutex_,
            .topics = topics_,
            .reviews = reviews_,
            .account = account(),
            .log = log_,
            .newest = sequence_,
            .begins_anew = [this](const topic& begun) { closed_.remove(begun.name); },
            .at_end = [this](owed_drains& owed) { end_topics(owed); }});
    reading_back_.journal = &journaling_->reader();
}

void manager_state::end_journaling() noexcept {
    if (journaling_) {
        journaling_->join();
    }
}

// --- publishing

boost::system::result<event_id> manager_state::publish(const publication& what) {
    if (what.topic.size() > options_.name_bytes) {
        return refuse(what, errc::invalid_topic);
    }
    draft drawn{{options_, topics_, epoch_, budget_.account()}, what};
    owed_drains owed;
    std::unique_lock lock{mutex_};
    sight seen = look(what);
    while (!drawn.is_ready_for(seen)) {
        lock.unlock();
        if (const auto refused = drawn.prepare(seen)) {
            return refuse(what, refused);
        }
        lock.lock();
        seen = look(what);
    }
    if (seen.is_shut_down) {
        return errc::shut_down;
    }
    const bool is_for_nobody = drawn.is_for_nobody(seen);
    if (!is_for_nobody && waits_for_journal(seen, drawn)) {
        return enqueue(what, drawn, seen, owed);
    }
    if (journaling_ && !journaling_->may_number()) {
        return errc::journal_full;
    }
    return is_for_nobody ? publish_to_nobody(what) : commit(what, drawn, seen, owed);
}

void manager_state::publish(publication what, acknowledgement then) {
    what.then = std::move(then);
    acknowledgement& untold = what.then;
    const auto known = [&] {
        try {
            return publish(what);
        } catch (...) {
            untold->clear(); // the exception tells
            throw;
        }
    }();
    if (untold) {
        tell(untold, known ? boost::system::error_code{} : known.error(),
            known ? *known : event_id{});
    }
}

/// As what is kept there, or is later than something that waits.
bool manager_state::waits_for_journal(const sight& seen, const draft& drawn) const noexcept {
    return journaling_ && (!journaling_->is_settled() ||
                              (seen.to ? seen.to->settings.is_journaled : drawn.opening_keeps()));
}

/// Numbers an event that is delivered once it is in the journal.
boost::system::result<event_id> manager_state::enqueue(
    const publication& what, draft& drawn, const sight& seen, owed_drains& owed) {
    topic& to = seen.to ? *seen.to : topics_.open(what.topic, drawn.take_opening(), sequence_);
    const owed_review at_end{reviews_, to, owed};
    if (drawn.equals_last() && to.pending == 0 && to.last_join < to.last_publish) {
        return event_id{epoch_, to.last_publish};
    }
    const event_id id{epoch_, sequence_ + 1};
    const frame& content = drawn.numbered(id);
    if (!journaling_->has_room_for(content) ||
        !room_.make(to, content.text().size(), sequence_, owed)) {
        return errc::journal_full;
    }
    journaling_->add({.to = &to,
        .content = content,
        .id = id,
        .has_own_id = drawn.has_own_id(),
        .is_repeated = drawn.equals_last(),
        .then = std::move(what.then)});
    note_life(what);
    sequence_ = id.sequence;
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    to.counts->published.fetch_add(1, std::memory_order_relaxed);
    to.last = drawn.value();
    return id;
}

/// What is published by the program begins a closed topic anew; a late fetch does not.
void manager_state::note_life(const publication& what) noexcept {
    if (what.run == nullptr) {
        closed_.remove(what.topic);
    }
}

sight manager_state::look(const publication& what) const {
    sight seen;
    seen.is_shut_down = is_shut_down_;
    seen.next_sequence = sequence_ + 1;
    topic* const found = topics_.find(what.topic);
    if (found != nullptr && (what.run == nullptr || what.run == found->polling.get())) {
        seen.to = found;
        seen.last = found->last;
        seen.lanes = found->lanes.size();
    }
    return seen;
}

/// Tells of an event that cannot be published, once for each topic and reason.
boost::system::error_code manager_state::refuse(
    const publication& what, boost::system::error_code why) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    const unsigned bit = 1U << (static_cast<unsigned>(why.value()) % 32);
    {
        const std::lock_guard lock{mutex_};
        topic* const found = topics_.find(what.topic);
        unsigned& logged = found != nullptr ? found->refusals_logged : refusals_logged_;
        if ((std::exchange(logged, logged | bit) & bit) != 0) {
            return why;
        }
    }
    char reason[128]; // a string would need memory
    log_line line;
    line << "event refused for topic " << quoted_name{what.topic.substr(0, 128)} << ": "
         << std::string_view{why.message(reason, sizeof reason)}
         << "; further ones are counted only";
    log()(severity::warning, line.text());
    return why;
}

/// Numbers an event that nobody gets.
event_id manager_state::publish_to_nobody(const publication& what) noexcept {
    note_life(what);
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    topics_.note_unkept(what.topic, ++sequence_);
    return {epoch_, sequence_};
}

event_id manager_state::commit(
    const publication& what, draft& drawn, const sight& seen, owed_drains& owed) {
    topic& to = seen.to ? *seen.to : topics_.open(what.topic, drawn.take_opening(), sequence_);
    const owed_review at_end{reviews_, to, owed};
    if (drawn.equals_last() && to.last_join < to.last_publish) {
        return {epoch_, to.last_publish};
    }
    const event_id id{epoch_, sequence_ + 1};
    const frame& content = drawn.numbered(id);
    const bool is_admitted = room_.make(to, content.text().size(), sequence_, owed);
    if (is_admitted) {
        to.keep({id.sequence, content, clock::now()}, drawn.has_own_id());
    } else {
        to.miss(content, id.sequence);
    }
    topics_.note_use(to);
    // From here on nothing throws; before it nothing has changed where something threw.
    note_life(what);
    sequence_ = id.sequence;
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    to.counts->published.fetch_add(1, std::memory_order_relaxed);
    fan_out(
        drawn.get_deliveries(), to, is_admitted ? content : frame{}, id, drawn.equals_last(), owed);
    // Nobody has got what was not admitted, so that the same once more is no repetition.
    to.last = is_admitted ? drawn.value() : nullptr;
    return id;
}

void manager_state::shard_has_shed(std::uint64_t oldest, bool has_subscribers) noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (!is_shut_down_) {
        room_.shard_has_shed(oldest, has_subscribers, sequence_, owed);
    }
}

// --- subscribing

std::shared_ptr<shard> manager_state::shard_of(const asio::any_io_executor& executor) {
    if (!executor || executor == own_->get_executor()) {
        return own_;
    }
    const std::lock_guard lock{mutex_};
    return shards_.at(executor, weak_from_this());
}

void manager_state::subscribe(const std::shared_ptr<shard>& on, subscriber& who,
    std::vector<topic_options> topics, const subscribe_options& options) {
    check(options.queue.value_or(options_.queue));
    asked_topics asked{std::move(topics), topics_, options_};
    who.memberships.reserve(asked.size());
    owed_drains owed;
    std::unique_lock lock{mutex_};
    make_missing_runs(asked, lock);
    if (is_shut_down_) {
        throw boost::system::system_error{errc::shut_down};
    }
    if (are_closed(asked)) {
        throw boost::system::system_error{errc::topic_closed};
    }
    who.pending.limit(asked.limits(options, topics_, options_));
    who.joined = sequence_;
    memberships::entering entered{memberships_, who, owed};
    for (asked_topic& each : asked) {
        entered.enter(each, on);
    }
    reading_back::begin(reading_back_, who, options.last_event_id, sequence_);
    entered.stay();
    if (!who.is_behind) {
        memberships::join(on, who, owed);
    }
}

/// Whether all of them were closed lately.
bool manager_state::are_closed(asked_topics& asked) const noexcept {
    const clock::time_point now = clock::now();
    return std::ranges::all_of(
        asked, [&](const asked_topic& each) { return closed_.has(each.options.name, now); });
}

/// Makes what topics will be polled by that are not polled yet.
void manager_state::make_missing_runs(asked_topics& topics, std::unique_lock<std::mutex>& lock) {
    while (asked_topic* const next = is_shut_down_ ? nullptr : topics.without_run(topics_)) {
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
    const std::lock_guard lock{mutex_};
    if (who.past) {
        on->add_resident(who);
        const reading_back::progress made = who.past->read_piece(sequence_, on);
        if (made != reading_back::progress::done) {
            return made == reading_back::progress::more;
        }
        const end_kind how = is_shut_down_ ? end_kind::shut_down : who.past->how_ended();
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
    const std::lock_guard lock{mutex_};
    if (memberships_.leave(who, owed)) {
        intrusive_ptr_add_ref(&who);
        owed.push(from, static_cast<leaving&>(who));
    }
}

void manager_state::forget(subscriber& who) noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    static_cast<void>(memberships_.leave(who, owed));
}

// --- ending

/// Does it after what was published before: at once, unless some of that waits for the journal, or
/// the journal is to forget something.
void manager_state::take_turn(turn&& by) {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (journaling_ && !is_shut_down_ && (by.forgets || !journaling_->is_settled())) {
        journaling_->add(std::move(by));
    } else {
        by.act(owed);
    }
}

void manager_state::end_streams(std::string_view name) {
    take_turn({std::string{name}, [this, topic = std::string{name}](owed_drains& owed) {
                   if (detail::topic* const ended = topics_.find(topic)) {
                       ended->end_streams(end_kind::closed, owed);
                   }
               }});
}

void manager_state::close_topic(std::string_view name) {
    const auto close = [this, topic = std::string{name}](owed_drains& owed) {
        closed_.note(topic, clock::now());
        if (detail::topic* const closed = topics_.find(topic)) {
            closed->end_streams(end_kind::topic_closed, owed);
            reviews_.stop(topics_.retire(*closed), owed);
            reviews_.adjust(owed);
        }
    };
    take_turn({std::string{name}, close, true});
}

void manager_state::forget_kept(std::string_view name, std::optional<std::string> key) {
    const auto forget = [this, topic = std::string{name}, key](owed_drains& owed) {
        if (detail::topic* const emptied = topics_.find(topic)) {
            emptied->forget(key);
            topics_.note_use(*emptied);
            reviews_.stop(topics_.review(*emptied, clock::now()), owed);
            reviews_.adjust(owed);
        }
    };
    take_turn({std::string{name}, forget, true, std::move(key)});
}

void manager_state::shutdown() noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (is_shut_down_.exchange(true)) {
        return;
    }
    if (journaling_) {
        journaling_->end(); // which ends the topics
    } else {
        end_topics(owed);
    }
}

void manager_state::end_topics(owed_drains& owed) noexcept {
    while (topic* const ended = topics_.any()) {
        ended->shut_down(owed);
        reviews_.stop(topics_.retire(*ended), owed);
    }
    reviews_.adjust(owed);
    left_->begin_end();
}

void manager_state::cut_streams() noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (!std::exchange(has_cut_, true)) {
        shards_.for_each([&owed](shard& each) { each.cut_all(owed); });
    }
}

manager_stats manager_state::stats() const {
    manager_stats result;
    counts_->copy_to(result);
    result.refused = refused_;
    result.memory = budget_.account()->used();
    {
        const std::lock_guard lock{mutex_};
        result.subscribers = memberships_.subscribers();
        result.resumed = reading_back_.resumed;
        result.gaps = reading_back_.gaps;
        result.topics = topics_.stats();
        if (journaling_) {
            result.journal = journaling_->stats();
            result.refused += journaling_->refused();
        }
    }
    std::ranges::sort(result.topics, {}, &topic_stats::name);
    return result;
}

} // namespace crier::detail
