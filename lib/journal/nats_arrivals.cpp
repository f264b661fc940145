#include "nats_arrivals.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"
#include "nats_api.hpp"
#include "nats_messages.hpp"
#include "nats_tokens.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace crier::detail {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause_after_failure{250};
constexpr milliseconds between_looks{100};
/// A server that answers a hundred at once sends no events on meanwhile, for milliseconds.
constexpr std::size_t compared_at_once = 10;

} // namespace

nats_arrivals::nats_arrivals(const nats_stream& of, nats_deliveries::limits most)
    : stream_{of},
      lookups_{of},
      deliveries_{most},
      catching_up_{of},
      looking_{of, [this](nats_sight seen) { deliveries_.push(std::move(seen)); }} {
    stream_.connection().watch(this);
}

nats_arrivals::~nats_arrivals() {
    stream_.connection().watch(nullptr);
    end();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void nats_arrivals::listen(journal_listener* to) noexcept {
    const std::scoped_lock locked{listening_};
    listener_ = to;
}

/// After an error nothing of it is followed, so that the listener is not told that it is.
boost::system::error_code nats_arrivals::follow(std::span<const std::string_view> topics) {
    boost::system::error_code error;
    try {
        error = try_follow(topics);
    } catch (const std::bad_alloc&) {
        error = make_error_code(boost::system::errc::not_enough_memory);
    } catch (const journal_error&) {
        error = errc::journal_unavailable;
    }
    if (error) {
        std::ranges::for_each(topics, [this](std::string_view topic) { unfollow(topic); });
    }
    return error;
}

/// A topic of which no event can be is followed without a subscription.
boost::system::error_code nats_arrivals::try_follow(std::span<const std::string_view> topics) {
    nats_connection& on = stream_.connection();
    std::vector<std::string> names;
    for (const std::string_view topic : topics) {
        const auto& name = names.emplace_back(topic);
        deliveries_.push(nats_deliveries::start{name});
        if (name.size() <= nats_topic_bytes && !subscriptions_.contains(name)) {
            subscriptions_.emplace(
                name, on.subscribe(nats_live_subject(stream_.name(), name),
                          [this](nats_received message) { deliveries_.push(std::move(message)); }));
        }
    }
    if (const auto error = on.flush(nats_patience)) {
        return error;
    }
    const auto info = stream_.info();
    if (!info) {
        return info.error();
    }
    const auto newest = lookups_.newest_of(names);
    if (!newest) {
        return newest.error();
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::uint64_t through = (*newest)[i] == 0 ? info->newest : (*newest)[i];
        deliveries_.push(nats_place{std::move(names[i]), through});
    }
    return {};
}

void nats_arrivals::unfollow(std::string_view topic) noexcept {
    if (const auto found = subscriptions_.find(topic); found != subscriptions_.end()) {
        subscriptions_.erase(found);
    }
    try {
        const std::scoped_lock locked{listening_};
        deliveries_.push(nats_deliveries::stop{std::string{topic}});
        stopping_.emplace(topic);
    } catch (...) { // NOLINT(bugprone-empty-catch): what is told of it is passed over
    }
}

void nats_arrivals::begin() {
    newest_ = stream_.opened().newest;
    thread_ = std::thread{[this] { run(); }};
}

void nats_arrivals::disconnected() noexcept {
    was_disconnected_ = true;
    deliveries_.wake();
}

void nats_arrivals::reconnected() noexcept { deliveries_.wake(); }

void nats_arrivals::lost_messages(std::string_view subject) noexcept {
    deliveries_.note_lost(subject);
}

void nats_arrivals::run() noexcept {
    while (!stream_.connection().is_ending()) {
        try {
            deliveries_.wait(next_time());
            go_on();
        } catch (...) {
            lose(); // without memory: what was not told is read again
        }
    }
}

nats_arrivals::clock::time_point nats_arrivals::next_time() const {
    if (is_behind_) {
        return next_try_;
    }
    return std::min({next_look_, following_.held_until().value_or(next_look_),
        ordering_.held_until().value_or(next_look_)});
}

void nats_arrivals::go_on() {
    if (!is_behind_) {
        take();
    }
    if (was_disconnected_.exchange(false)) {
        is_behind_ = true;
        next_try_ = {};
        tell_state(journal_state::unavailable);
    }
    const auto now = clock::now();
    if (is_behind_) {
        pass_over();
        if (now >= next_try_) {
            catch_up();
        }
        return;
    }
    use_ordered();
    tell_all_followed(now);
    fill_holes(now);
    look_if_due(now);
}

void nats_arrivals::take() {
    fetch();
    while (!taken_.empty() && !is_behind_ && !stream_.connection().is_ending()) {
        use(taken_.front());
        taken_.pop_front();
    }
}

void nats_arrivals::fetch() {
    if (!taken_.empty()) {
        return;
    }
    auto taken = deliveries_.take();
    taken_ = std::move(taken.items);
    for (const std::string& each : taken.lost) {
        if (const auto topic = nats_live_topic(stream_.name(), each)) {
            audit_.suspect(*topic);
        }
    }
    if (taken.has_lost_all) {
        lose();
    }
}

/// Takes what has come while topics are to catch up. They are to do so together with those that are
/// followed by now, and messages are read from the engine with all that was missed.
void nats_arrivals::pass_over() {
    newest_at_look_.reset();
    for (int i = 0; i < 2; ++i) { // what was left, and what came since
        fetch();
        for (; !taken_.empty(); taken_.pop_front()) {
            if (const auto* const message = std::get_if<nats_received>(&taken_.front())) {
                const auto numbers = nats_numbers_of(*message);
                newest_ = std::max(newest_, numbers ? numbers->sequence : 0);
            } else {
                use(taken_.front());
            }
        }
    }
    ordering_ = {};
}

void nats_arrivals::use(nats_deliveries::item& next) {
    const auto now = clock::now();
    if (auto* const message = std::get_if<nats_received>(&next)) {
        if (const auto numbers = nats_numbers_of(*message)) {
            newest_ = std::max(newest_, numbers->sequence);
            ordering_.push(numbers->sequence, std::move(*message), now);
        }
        use_ordered();
    } else if (const auto* const start = std::get_if<nats_deliveries::start>(&next)) {
        following_.start(start->topic);
    } else if (const auto* const place = std::get_if<nats_place>(&next)) {
        following_.begin(place->topic, place->through, now);
        audit_.add(place->topic, now);
    } else if (const auto* const stop = std::get_if<nats_deliveries::stop>(&next)) {
        const std::scoped_lock locked{listening_};
        if (const auto found = stopping_.find(stop->topic); found != stopping_.end()) {
            stopping_.erase(found);
        }
        following_.stop(stop->topic);
        audit_.remove(stop->topic);
    } else if (const auto* const seen = std::get_if<nats_sight>(&next)) {
        next_look_ = now + between_looks;
        if (newest_at_look_) {
            compare(*seen, *newest_at_look_, now);
        }
    }
}

/// What cannot be told now is read again later.
void nats_arrivals::use_ordered() {
    while (!is_behind_) {
        const auto message = ordering_.next(clock::now());
        if (!message) {
            return;
        }
        const auto numbers = nats_numbers_of(*message);
        while (use(*message, *numbers)) {
        }
    }
}

/// Whether it is to be looked at again, as what is before it was told.
bool nats_arrivals::use(const nats_received& message, const nats_numbers& numbers) {
    const auto topic = nats_live_topic(stream_.name(), message.subject());
    if (!topic) {
        return false;
    }
    const auto verdict = following_.take(*topic, numbers);
    if (verdict.followed) {
        tell_followed(*topic, *verdict.followed);
    }
    switch (verdict.does) {
    case nats_following::fate::drop: return false;
    case nats_following::fate::fill:
        return fill({*topic, *following_.through(*topic)}, numbers.sequence - 1);
    case nats_following::fate::tell: break;
    }
    tell(*topic, nats_record_of(message, numbers.sequence, std::chrono::system_clock::now()),
        numbers.sequence);
    return false;
}

bool nats_arrivals::fill(const nats_place& from, std::uint64_t until) {
    if (catching_up_.fill(from, until, *this)) {
        lose();
        return false;
    }
    following_.note(from.topic, until);
    return true;
}

void nats_arrivals::tell_followed(std::string_view topic, std::uint64_t through) {
    with_listener(topic, [&](journal_listener& to) { to.followed(topic, through); });
    following_.note_followed(topic);
}

void nats_arrivals::tell_all_followed(clock::time_point now) {
    while (const auto next = following_.next_followed(now)) {
        tell_followed(next->topic, next->through);
    }
}

/// What is no event has a number all the same.
void nats_arrivals::tell(
    std::string_view topic, const std::optional<journal_record>& entry, std::uint64_t number) {
    if (entry) {
        with_listener(topic, [&](journal_listener& to) { to.arrived(topic, *entry); });
    }
    following_.note(topic, number);
    newest_ = std::max(newest_, number);
    tell_all_followed(clock::now());
}

void nats_arrivals::read(std::string_view topic, const nats_kept_message& message) {
    const std::uint64_t number = message.kept.sequence;
    tell(topic, nats_record_of(message.message, number, message.kept.at), number);
}

void nats_arrivals::missed(std::string_view topic, std::uint64_t after, std::uint64_t through) {
    with_listener(topic, [&](journal_listener& to) { to.missed(topic, after, through); });
}

void nats_arrivals::reached(std::string_view topic, std::uint64_t through) {
    following_.note(topic, through);
}

void nats_arrivals::tell_state(journal_state now) noexcept {
    if (std::exchange(state_, now) != now) {
        const std::scoped_lock locked{listening_};
        if (listener_ != nullptr) {
            listener_->changed(now);
        }
    }
}

/// What comes after the stream's newest number of now arrives: a topic that goes beyond that would
/// be ahead of the others. Without an answer, it is tried again after a while.
void nats_arrivals::catch_up() {
    next_try_ = clock::now() + pause_after_failure;
    const auto info = stream_.info();
    if (!note_newest(info ? std::optional{info->newest} : std::nullopt, newest_)) {
        return;
    }
    tell_state(journal_state::catching_up);
    tell_all_followed(clock::time_point::max());
    if (catching_up_.run(following_.all(), newest_, *this)) {
        return;
    }
    is_behind_ = false;
    ordering_.note(newest_);
    if (!was_disconnected_) {
        tell_state(journal_state::connected);
    }
}

/// Whether the stream has answered, and is as far as was known. A new leader may still be reading
/// what it has.
bool nats_arrivals::note_newest(std::optional<std::uint64_t> newest, std::uint64_t known) {
    if (!newest || *newest < known) {
        tell_state(journal_state::unavailable);
        lose();
        return false;
    }
    newest_ = std::max(newest_, *newest);
    return true;
}

/// Looks for what was lost though the connection was not. The next time is once that was seen.
void nats_arrivals::look_if_due(clock::time_point now) {
    if (now >= next_look_) {
        next_look_ = clock::time_point::max();
        newest_at_look_ = newest_;
        looking_.look(audit_.next(compared_at_once, newest_, now));
    }
}

/// With what was the newest number when it was looked.
void nats_arrivals::compare(
    const nats_sight& seen, std::uint64_t newest_then, clock::time_point now) {
    if (!note_newest(seen.newest, newest_then)) {
        return;
    }
    for (const nats_place& each : seen.topics) {
        const auto through = following_.through(each.topic);
        if (through && *through < each.through) {
            audit_.note_hole(each.topic, each.through, now);
        }
    }
}

void nats_arrivals::fill_holes(clock::time_point now) {
    while (const auto hole = audit_.next_hole(now)) {
        const auto through = following_.through(hole->topic);
        if (through && *through < hole->through && !fill({hole->topic, *through}, hole->through)) {
            return;
        }
    }
}

void nats_arrivals::lose() noexcept {
    is_behind_ = true;
    next_try_ = clock::now() + pause_after_failure;
}

template <class Call>
void nats_arrivals::with_listener(std::string_view topic, Call call) {
    const std::scoped_lock locked{listening_};
    if (listener_ != nullptr && !stopping_.contains(topic)) {
        call(*listener_);
    }
}

} // namespace crier::detail
