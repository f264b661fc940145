#include "manager_state.hpp"

#include <crier/wire/errc.hpp>

#include "async/executors.hpp"
#include "heartbeat.hpp"
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

logger unthrowing(const logger& log) {
    return [log](severity level, std::string_view line) noexcept {
        try {
            log(level, line);
        } catch (...) { // NOLINT(bugprone-empty-catch): there is nobody left to tell
        }
    };
}

std::uint64_t random_epoch() {
    std::random_device source;
    constexpr unsigned bits = 40; // so many, for short ids
    return (std::uint64_t{source()} << 20 ^ source()) % (std::uint64_t{1} << bits);
}

} // namespace

manager_state::manager_state(const asio::any_io_executor& executor, manager_options&& options)
    : options_{in_range(std::move(options))},
      log_{std::make_shared<const logger>(unthrowing(options_.log))},
      epoch_{random_epoch()},
      heartbeat_{heartbeat_of(options_)},
      budget_{options_.memory_limit},
      topics_{options_, budget_},
      shards_{log_, counts_},
      polling_{std::make_shared<lifecycle>(strand_on(executor), log_)},
      review_{*this} {}

std::shared_ptr<manager_state> manager_state::make(
    const asio::any_io_executor& executor, manager_options options) {
    const std::shared_ptr<manager_state> made{new manager_state{executor, std::move(options)}};
    made->own_ = made->shards_.at(made->polling_->get_executor(), made);
    return made;
}

manager_state::~manager_state() = default;

/// Reviews a topic at the end that may be idle, whatever happens before.
struct manager_state::idle_review {
    manager_state& by;
    topic& of;
    owed_drains& owed;

    idle_review(manager_state& state, topic& idle, owed_drains& drains) noexcept
        : by{state}, of{idle}, owed{drains} {}
    idle_review(const idle_review&) = delete;
    idle_review& operator=(const idle_review&) = delete;
    ~idle_review() {
        if (of.subscribers > 0) {
            return;
        }
        if (!of.in_schedule::is_linked()) {
            by.stop(by.topics_.review(of, clock::now()), owed);
        }
        by.review_in_time(owed);
    }
};

// --- publishing

boost::system::result<event_id> manager_state::publish(const publication& what) {
    if (what.topic.size() > options_.name_bytes) {
        return refuse(what, errc::invalid_topic);
    }
    draft drawn{{options_, topics_, epoch_, budget_.account()}, what};
    owed_drains owed;
    std::unique_lock lock{mutex_};
    sight seen = look(what);
    while (!drawn.fits(seen)) {
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
    return drawn.is_for_nobody(seen) ? pass(what.topic) : commit(what, drawn, seen, owed);
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
    log_line line;
    line << "nothing published to topic " << quoted_name{what.topic.substr(0, 128)} << ": "
         << std::string_view{why.message()} << "; further ones are counted only";
    log(severity::warning, line.text());
    return why;
}

/// Numbers an event that nobody gets.
event_id manager_state::pass(std::string_view topic) noexcept {
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    topics_.pass(topic, ++sequence_);
    return {epoch_, sequence_};
}

event_id manager_state::commit(
    const publication& what, draft& drawn, const sight& seen, owed_drains& owed) {
    topic& to = seen.to ? *seen.to : topics_.open(what.topic, drawn.take_opening());
    const idle_review at_end{*this, to, owed};
    if (drawn.equals_last() && to.last_join < to.last_publish) {
        return {epoch_, to.last_publish};
    }
    const event_id id{epoch_, sequence_ + 1};
    const frame& content = drawn.numbered(id);
    const bool is_admitted = make_room(to, content, owed);
    if (is_admitted) {
        keep(to, {id.sequence, content, clock::now()}, drawn.has_own_id());
    } else {
        miss(to, content, id.sequence);
    }
    // From here on nothing throws; before it nothing has changed where something threw.
    sequence_ = id.sequence;
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    to.counts->published.fetch_add(1, std::memory_order_relaxed);
    deliver(to, drawn, id, is_admitted, owed);
    to.last_publish = id.sequence;
    // Nobody has got what was not admitted, so that the same once more is no repetition.
    to.last = is_admitted ? drawn.value() : nullptr;
    return id;
}

bool manager_state::make_room(topic& to, const frame& added, owed_drains& owed) noexcept {
    memory_budget::request room{budget_, added.text().size()};
    while (true) {
        switch (room.next()) {
        case memory_budget::action::admit: return true;
        case memory_budget::action::refuse: return false;
        case memory_budget::action::evict: stop(topics_.evict(to, clock::now()), owed); break;
        case memory_budget::action::begin_round: begin_round(owed); break;
        case memory_budget::action::leave_late: leave_late(owed); break;
        }
    }
}

/// Puts an event into what its topic keeps. Nothing changes where it throws.
void manager_state::keep(topic& to, const record& added, bool has_own_id) {
    const bool is_in_history = to.kept.keeps();
    if (is_in_history) {
        to.kept.append(added, has_own_id);
    }
    if (to.values) {
        try {
            to.values->put(added);
        } catch (...) {
            if (is_in_history) {
                to.kept.take_back_newest();
            }
            throw;
        }
    }
    if (is_in_history) {
        to.kept.evict(added.at);
    } else {
        to.kept.miss(added.sequence);
    }
    to.used_at = added.at;
    topics_.kept(to);
}

/// Notes that an event which there was no memory for is not in the history either.
void manager_state::miss(topic& to, const frame& refused, std::uint64_t sequence) noexcept {
    to.kept.miss(sequence);
    if (to.values) {
        to.values->erase(frame_access::key(refused));
    }
    topics_.kept(to);
}

/// Sends an event on its way to the subscribers, or tells them that they miss it.
void manager_state::deliver(
    topic& to, draft& drawn, event_id id, bool is_admitted, owed_drains& owed) noexcept {
    auto next = drawn.deliveries().begin();
    for (lane& each : to.lanes) {
        delivery& sent = *(next++)->detach();
        if (is_admitted) {
            sent.content = drawn.content();
        } else {
            sent.refuse();
        }
        sent.id = id;
        sent.in = &each;
        sent.only_since = drawn.equals_last() ? to.last_publish : 0;
        sent.last = id.sequence;
        if (sent.is_refused() ? each.on->refuse(sent) : each.on->push(sent)) {
            owed.add(each.on);
        }
    }
}

void manager_state::begin_round(owed_drains& owed) noexcept {
    const std::uint64_t before = budget_.begin_round(sequence_);
    shards_.for_each([&](shard& each) {
        if (each.shed(before, owed)) {
            budget_.take_part();
        }
    });
}

void manager_state::leave_late(owed_drains& owed) noexcept {
    std::size_t waited_for = 0;
    shards_.for_each([&](shard& each) {
        if (budget_.may_leave_late()) {
            each.leave_round();
        }
        waited_for += each.is_waited_for() ? 1 : 0;
    });
    if (budget_.waits_only_for(waited_for, sequence_)) {
        begin_round(owed);
    }
}

void manager_state::shard_has_shed(std::uint64_t oldest, bool has_subscribers) noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (budget_.shard_done(oldest, has_subscribers, sequence_) && !is_shut_down_) {
        begin_round(owed);
    }
}

// --- subscribing

/// A topic as it is asked for, with what was made for it without the lock.
struct manager_state::asked_topic {
    asked_topic(topic_options&& given, topic_settings&& made) noexcept
        : options{std::move(given)}, settings{std::move(made)} {}
    asked_topic(asked_topic&&) noexcept = default;
    asked_topic& operator=(asked_topic&&) = delete;
    ~asked_topic() {
        if (spare_run) {
            spare_run->started.close();
        }
    }

    topic_options options;
    topic_settings settings;
    polling_run_ptr spare_run{};
};

namespace {

void check_topics(const std::vector<topic_options>& topics, const manager_options& limits) {
    if (topics.size() > limits.topics_limit) {
        throw std::invalid_argument{
            "a subscription may have " + std::to_string(limits.topics_limit) + " topics at most"};
    }
    std::vector<std::string_view> names;
    names.reserve(topics.size());
    for (const topic_options& each : topics) {
        names.push_back(each.name);
        if (each.name.size() > limits.name_bytes) {
            throw std::invalid_argument{make_error_code(errc::invalid_topic).message()};
        }
        if (each.queue) {
            check(*each.queue);
        }
    }
    std::ranges::sort(names);
    if (names.empty() || std::ranges::adjacent_find(names) != names.end()) {
        throw std::invalid_argument{"a subscription needs one topic or more, each once"};
    }
}

} // namespace

std::shared_ptr<shard> manager_state::shard_of(const asio::any_io_executor& executor) {
    if (!executor || executor == own_->get_executor()) {
        return own_;
    }
    const std::lock_guard lock{mutex_};
    return shards_.at(executor, weak_from_this());
}

void manager_state::subscribe(const std::shared_ptr<shard>& on, subscriber& who,
    std::vector<topic_options> topics, const subscribe_options& options) {
    check_topics(topics, options_);
    check(options.queue.value_or(options_.queue));
    std::vector<asked_topic> asked = prepare(std::move(topics));
    who.places.reserve(asked.size());
    owed_drains owed;
    std::unique_lock lock{mutex_};
    make_missing_runs(asked, lock);
    if (is_shut_down_) {
        throw boost::system::system_error{errc::shut_down};
    }
    who.pending.limit(limits_for(asked, options));
    who.joined = sequence_;
    try {
        for (asked_topic& each : asked) {
            who.places.emplace_back(who);
            enter(each, on, who.places.back(), owed);
        }
        begin_reading(who, options.last_event_id);
    } catch (...) {
        leave(who, owed);
        throw;
    }
    who.id = next_subscriber_++;
    ++subscribers_;
    if (!who.is_behind) {
        join(on, who, owed);
    }
}

/// Asks user code, so without the lock.
std::vector<manager_state::asked_topic> manager_state::prepare(
    std::vector<topic_options> topics) const {
    std::vector<asked_topic> asked;
    asked.reserve(topics.size());
    for (topic_options& each : topics) {
        topic_settings settings = topics_.settings_of(each);
        asked.emplace_back(std::move(each), std::move(settings));
    }
    return asked;
}

/// Makes what topics will be polled by that are not polled yet.
void manager_state::make_missing_runs(
    std::vector<asked_topic>& topics, std::unique_lock<std::mutex>& lock) {
    const auto lacks_run = [this](const asked_topic& each) {
        const topic* const known = topics_.find(each.options.name);
        return each.options.polling && !each.spare_run &&
               (known == nullptr || (!known->polling && known->subscribers == 0));
    };
    for (auto next = std::ranges::find_if(topics, lacks_run); next != topics.end();
        next = std::ranges::find_if(topics, lacks_run)) {
        lock.unlock();
        next->spare_run = polling_->make_run(next->options.polling, next->options.name);
        next->spare_run->to = std::make_unique<topic_publisher>(
            shared_from_this(), next->options.name, *next->spare_run);
        lock.lock();
    }
}

/// What the subscription says, or the first of its topics that says something, or the manager.
queue_limits manager_state::limits_for(
    const std::vector<asked_topic>& topics, const subscribe_options& options) const {
    std::optional<queue_limits> limits = options.queue;
    for (auto each = topics.begin(); each != topics.end() && !limits; ++each) {
        const topic* const known = topics_.find(each->options.name);
        limits = known != nullptr ? known->as.queue : each->settings.queue;
    }
    return limits.value_or(options_.queue);
}

/// Gives a place in the topic, which opens where it is not there yet.
void manager_state::enter(
    asked_topic& asked, const std::shared_ptr<shard>& on, membership& place, owed_drains& owed) {
    topic* found = topics_.find(asked.options.name);
    topic& entered =
        found != nullptr ? *found : topics_.open(asked.options.name, std::move(asked.settings));
    const idle_review at_end{*this, entered, owed};
    const auto known = entered.lanes.find(on.get());
    boost::intrusive_ptr<lane> in{known == entered.lanes.end() ? new lane : &*known};
    if (known == entered.lanes.end()) {
        in->on = on;
        in->of = &entered;
        intrusive_ptr_add_ref(in.get());
        entered.lanes.insert(*in);
    }
    ++in->subscribers;
    ++entered.subscribers;
    place.in = std::move(in);
    if (asked.spare_run && !entered.polling && entered.subscribers == 1) {
        entered.polling = std::exchange(asked.spare_run, nullptr);
        intrusive_ptr_add_ref(entered.polling.get());
        owed.push(own_, static_cast<starting&>(*entered.polling));
    }
}

/// Decides what a new subscriber gets before what is published from now on.
void manager_state::begin_reading(subscriber& who, std::string_view last_event_id) {
    auto past = std::make_unique<reading_back>(sequence_);
    for (const membership& each : who.places) {
        each.in->of->kept.evict(clock::now());
        past->add(*each.in->of);
    }
    const bool resumes = options_.ids && !last_event_id.empty();
    const bool has_past = resumes ? past->begin_after(last_event_id, {epoch_, sequence_})
                                  : past->begin_with_retained();
    if (past->first_gap()) {
        const gap_reason why = past->first_gap()->reason;
        who.pending.append(gap_entry(std::move(*past->first_gap())));
        ++gaps_[static_cast<std::size_t>(why)];
    }
    resumed_ += resumes ? 1 : 0;
    if (!has_past) {
        return;
    }
    for (const membership& each : who.places) {
        // For what is published until the subscriber has read so far.
        each.in->of->kept.hold(who.pending.limits().events, who.pending.limits().bytes);
        ++each.in->of->readers;
    }
    who.past = std::move(past);
    who.is_behind = true;
}

void manager_state::stop_reading(subscriber& who) noexcept {
    if (!who.past) {
        return;
    }
    who.past.reset();
    for (const membership& each : who.places) {
        topic& read = *each.in->of;
        if (--read.readers == 0) {
            read.kept.limit(read.as.history);
            topics_.kept(read);
        }
    }
}

/// From here on the subscriber gets what is published.
void manager_state::join(
    const std::shared_ptr<shard>& on, subscriber& who, owed_drains& owed) noexcept {
    for (const membership& each : who.places) {
        each.in->of->last_join = std::max(each.in->of->last_join, who.joined);
    }
    intrusive_ptr_add_ref(&who);
    owed.push(on, static_cast<joining&>(who));
}

void manager_state::read_on(const std::shared_ptr<shard>& on, subscriber& who) {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (!who.past) {
        who.is_behind = false;
        return;
    }
    on->settle(who);
    for (const membership& each : who.places) {
        topics_.kept(*each.in->of); // it is used
    }
    if (const auto evicted = options_.ids ? who.past->evicted(epoch_) : std::nullopt) {
        who.pending.append(gap_entry(*evicted));
        ++gaps_[static_cast<std::size_t>(gap_reason::evicted)];
    }
    who.past->pass_evicted();
    if (!who.past->read_piece(who.pending, epoch_)) {
        return;
    }
    // What was read back, it needs not get again where it is published again.
    const bool has_newest = std::ranges::all_of(who.places, [](const membership& each) {
        const record* const newest = each.in->of->kept.newest();
        return newest != nullptr && newest->sequence == each.in->of->last_publish;
    });
    const bool has_ended = who.past->was_ended();
    stop_reading(who);
    who.is_behind = false;
    if (has_ended || is_shut_down_) {
        who.end = is_shut_down_ ? subscriber::ending::shut_down : subscriber::ending::closed;
        return;
    }
    who.joined = has_newest ? 0 : sequence_;
    join(on, who, owed);
}

void manager_state::unsubscribe(const std::shared_ptr<shard>& from, subscriber& who) noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (takes_back(who, owed)) {
        intrusive_ptr_add_ref(&who);
        owed.push(from, static_cast<leaving&>(who));
    }
}

void manager_state::forget(subscriber& who) noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    static_cast<void>(takes_back(who, owed));
}

/// Whether it had still places, which are taken back.
bool manager_state::takes_back(subscriber& who, owed_drains& owed) noexcept {
    if (who.id == 0 || std::exchange(who.has_left, true)) {
        return false;
    }
    --subscribers_;
    leave(who, owed);
    return true;
}

/// Takes back the subscriber's places.
void manager_state::leave(subscriber& who, owed_drains& owed) noexcept {
    stop_reading(who);
    const clock::time_point now = clock::now();
    for (const membership& each : who.places) {
        if (!each.in) {
            continue; // it came no further
        }
        lane& left = *each.in;
        topic& of = *left.of;
        if (--left.subscribers == 0) {
            of.lanes.erase(of.lanes.iterator_to(left));
            left.on.reset();
            intrusive_ptr_release(&left);
        }
        if (--of.subscribers == 0 && !is_shut_down_) {
            stop(topics_.left(of, now), owed);
        }
    }
    review_in_time(owed);
}

// --- ending

namespace {

struct ending_streams final : task {
    explicit ending_streams(lane* of) noexcept : in{of} {}

    void run(shard& on) noexcept override { on.end(*in, subscriber::ending::closed); }
    void release() noexcept override { delete this; }

    const boost::intrusive_ptr<lane> in;
};

} // namespace

void manager_state::end_streams(std::string_view name) {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    topic* const ended = topics_.find(name);
    if (ended == nullptr) {
        return;
    }
    std::vector<std::unique_ptr<ending_streams>> tasks;
    for (lane& each : ended->lanes) {
        tasks.push_back(std::make_unique<ending_streams>(&each));
    }
    ++ended->endings;
    for (std::unique_ptr<ending_streams>& each : tasks) {
        const std::shared_ptr<shard>& on = each->in->on;
        owed.push(on, *each.release());
    }
}

void manager_state::shutdown() noexcept {
    owed_drains owed;
    const std::lock_guard lock{mutex_};
    if (is_shut_down_.exchange(true)) {
        return;
    }
    while (topic* const ended = topics_.any()) {
        for (lane& each : ended->lanes) {
            intrusive_ptr_add_ref(&each);
            owed.push(each.on, each);
        }
        stop(topics_.retire(*ended), owed);
    }
    review_in_time(owed);
}

void manager_state::stop(const topic_table::stopped_run& run, owed_drains& owed) noexcept {
    if (run) {
        intrusive_ptr_add_ref(run.get());
        owed.push(own_, static_cast<stopping&>(*run));
    }
}

// --- reviewing topics in time

/// Sets the alarm, on the strand, where a review is due before it rings, or none any more.
void manager_state::review_in_time(owed_drains& owed) noexcept {
    const clock::time_point next = topics_.next_review();
    const bool is_late = next < review_at_;
    const bool is_idle = next == clock::time_point::max() && review_at_ != next;
    if ((is_late || is_idle) && !kept_) {
        kept_ = shared_from_this();
        owed.push(own_, *this);
    }
}

void manager_state::run(shard& on) noexcept {
    const std::lock_guard lock{mutex_};
    review_at_ = topics_.next_review();
    if (review_at_ == clock::time_point::max()) {
        on.timing().clear(review_);
    } else if (!on.timing().set(review_, review_at_)) {
        review_at_ = clock::time_point::max(); // whoever publishes or leaves tries again
    }
}

void manager_state::release() noexcept {
    std::shared_ptr<manager_state> last;
    const std::lock_guard lock{mutex_};
    last.swap(kept_);
}

void manager_state::wake() {
    bool goes_on = true;
    while (goes_on) {
        // One at a time: publishers wait for the lock, and a history may be long.
        owed_drains owed;
        const std::lock_guard lock{mutex_};
        topic_table::stopped_run stopped;
        goes_on = topics_.review_due(clock::now(), stopped);
        stop(stopped, owed);
        if (!goes_on) {
            review_at_ = clock::time_point::max();
            review_in_time(owed);
        }
    }
}

manager_stats manager_state::stats() const {
    manager_stats result;
    counts_->copy_to(result);
    result.refused = refused_;
    result.memory = budget_.account()->used();
    {
        const std::lock_guard lock{mutex_};
        result.subscribers = subscribers_;
        result.resumed = resumed_;
        result.gaps = gaps_;
        for (const auto& [name, each] : topics_.all()) {
            topic_stats& one = result.topics.emplace_back();
            each->counts->copy_to(one);
            one.name = name;
            one.subscribers = each->subscribers;
            one.polled = each->polling != nullptr;
            one.history = each->kept.size();
            one.history_bytes = each->kept.bytes();
        }
    }
    std::ranges::sort(result.topics, {}, &topic_stats::name);
    return result;
}

} // namespace crier::detail
