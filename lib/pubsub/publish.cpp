#include <crier/wire/errc.hpp>

#include "core.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace crier::detail {

namespace json = boost::json;

namespace {

/// What older events of a topic are superseded by: another of the same key, or without one of the
/// same type.
std::string supersedes(std::string_view key, std::string_view type) {
    std::string result;
    if (!key.empty() || !type.empty()) {
        result.append(key.empty() ? "t" : "k").append(key.empty() ? type : key);
    }
    return result;
}

/// How long a number is in an id; only the number changes between encoding and publishing.
std::size_t digits(std::uint64_t sequence) noexcept {
    std::size_t count = 1;
    for (; sequence >= 36; sequence /= 36) {
        ++count;
    }
    return count;
}

/// What is allocated for an event besides its frame, roughly: a record of the history with its
/// place in the indices, and on each shard an item of the inbox or an entry of the queues.
std::size_t overhead_of(const event_view& whole, std::string_view key, std::size_t shards) {
    const std::size_t name = std::max(key.size(), whole.type.size());
    return 192 + name + whole.id.size() + shards * (256 + name);
}

} // namespace

std::shared_ptr<topic> core::find(destination to) const {
    const auto found = topics_.find(to.name);
    const bool meant =
        found != topics_.end() && (to.run == nullptr || to.run == found->second->polling.get());
    return meant ? found->second : nullptr;
}

/// Numbers an event that nobody gets.
event_id core::skip(std::string_view name) noexcept {
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    forgotten_.note(name, ++sequence_);
    return {epoch_, sequence_};
}

boost::system::result<frame> core::encode(
    const event_view& whole, const topic_settings& as, event_id id, std::size_t overhead) const {
    event_view typed = whole;
    if (typed.type.empty()) {
        typed.type = as.type;
    }
    std::string text;
    if (options_.ids && whole.id.empty()) {
        text = to_string(id);
        typed.id = text;
    }
    return frame_access::make(typed, memory_, overhead);
}

/// Waits until a draft is right as it is, under the lock. Values may be large: they are compared
/// without it, again if another came in between. So is the id written again whose number has become
/// longer.
template <class Encode>
std::shared_ptr<topic> core::settle(
    std::unique_lock<std::mutex>& lock, destination to, draft& drawn, Encode encode) {
    while (true) {
        std::shared_ptr<topic> found = find(to);
        if (drawn.only_changes && found && found->last != drawn.last) {
            drawn.last = found->last;
            lock.unlock();
            drawn.equal = drawn.last && *drawn.last == *drawn.value;
            lock.lock();
        } else if (drawn.is_numbered && digits(sequence_ + 1) != digits(drawn.guessed.sequence)) {
            drawn.guessed.sequence = sequence_ + 1;
            lock.unlock();
            drawn.content = encode(drawn.guessed);
            lock.lock();
        } else {
            return found;
        }
    }
}

template <class Prepare>
boost::system::result<event_id> core::publish_prepared(
    destination to, const publish_options& options, Prepare prepare) {
    std::unique_lock lock{mutex_};
    std::shared_ptr<topic> found = find(to);
    const event_id guessed{epoch_, sequence_ + 1};
    const std::shared_ptr<const last_value> last = found ? found->last : nullptr;
    const std::size_t shards = found ? found->homes.size() : 0;
    topic_settings opening;
    if (!found && to.run == nullptr && !options_.rules.empty() && !shut_down_) {
        lock.unlock();
        opening = settings_of(to.name);
        lock.lock();
        found = find(to);
    }
    if (shut_down_) {
        return errc::shut_down;
    }
    if (!found && !opening.keeps()) {
        return skip(to.name);
    }
    lock.unlock();

    const topic_settings& settings = found ? found->as : opening;
    const bool only_changes = options.only_changes || settings.only_changes;
    const boost::system::result<outgoing> made = prepare(only_changes);
    if (!made) {
        return made.error();
    }
    const std::size_t overhead = overhead_of(made->whole, options.key, shards);
    boost::system::result<frame> content = encode(made->whole, settings, guessed, overhead);
    if (!content) {
        return content.error();
    }
    draft drawn{std::move(*content), guessed, options_.ids && made->whole.id.empty(), only_changes,
        made->value, last, last && made->value && *last == *made->value};
    const std::shared_ptr<topic> as_encoded = found;
    lock.lock();
    found = settle(
        lock, to, drawn, [&](event_id id) { return *encode(made->whole, settings, id, overhead); });
    if (shut_down_) {
        return errc::shut_down;
    }
    if (!found && !opening.keeps()) {
        return skip(to.name);
    }
    if (!found) {
        found = open(to.name, std::move(opening));
    }
    if (drawn.equal && found->last_join < found->last_publish) {
        return event_id{epoch_, found->last_publish};
    }
    const std::uint64_t only_since = drawn.equal ? found->last_publish : 0;
    const event_id id{epoch_, ++sequence_};
    if (drawn.is_numbered) {
        frame_access::set_id(drawn.content, to_string(id));
    }
    found->last = made->value;
    posts owed;
    deliver(found,
        {{}, std::move(drawn.content), id, supersedes(options.key, made->whole.type), only_since},
        made->whole, owed);
    lock.unlock();
    post_drains(owed);
    return id;
}

/// Puts an event into the topic's history and on its way to the subscribers.
void core::deliver(
    const std::shared_ptr<topic>& to, inbox::arrival what, const event_view& whole, posts& owed) {
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    to->counts->published.fetch_add(1, std::memory_order_relaxed);
    to->last_publish = what.id.sequence;
    const bool is_refused = !has_room(*to, what.content, owed);
    if (is_refused) {
        miss(to, what.id.sequence, what.key);
    } else {
        keep(to, what, whole);
    }
    for (const topic::home& home : to->homes) {
        what.in = home.in;
        if (is_refused ? home.on->refuse(home.in, what.id, what.only_since) : home.on->push(what)) {
            owed.push_back(home.on);
        }
    }
}

void core::keep(
    const std::shared_ptr<topic>& to, const inbox::arrival& what, const event_view& whole) {
    if (!to->kept.keeps() && !to->values) {
        to->kept.append({what.id.sequence, {}, {}, {}}, false);
        return;
    }
    const record kept{what.id.sequence, what.content, what.key, clock::now()};
    to->used_at = kept.at;
    if (to->values) {
        to->values->put(kept);
    }
    to->kept.append(kept, !whole.id.empty());
    touch(*to);
    if (to->subscribers == 0 && !to->due) {
        review(to, kept.at);
    }
}

/// Notes that an event which there was no memory for is not in the history either.
void core::miss(const std::shared_ptr<topic>& to, std::uint64_t sequence, std::string_view key) {
    to->kept.miss(sequence);
    if (to->values) {
        to->values->erase(key);
    }
    // Nobody has got it, so that the same once more is no repetition.
    to->last.reset();
    if (!to->keeps_something()) {
        forget_use(*to);
    }
    if (to->subscribers == 0 && !to->due) {
        review(to, clock::now());
    }
}

boost::system::result<event_id> core::publish(
    destination to, const event_view& whole, publish_options options) {
    event_view typed = whole;
    typed.type = options.type.empty() ? whole.type : options.type;
    return publish_prepared(to, options, [&](bool compare) -> boost::system::result<outgoing> {
        auto value = !compare ? nullptr
                              : std::make_shared<const last_value>(
                                    last_value{std::string{typed.type}, std::string{typed.data}});
        return outgoing{typed, std::move(value)};
    });
}

boost::system::result<event_id> core::publish(
    destination to, const json_source& source, publish_options options) {
    std::string text;
    return publish_prepared(to, options, [&](bool compare) -> boost::system::result<outgoing> {
        json::value data = source();
        text = json::serialize(data);
        event_view typed{text};
        typed.type = options.type;
        auto value = !compare ? nullptr
                              : std::make_shared<const last_value>(
                                    last_value{std::string{typed.type}, std::move(data)});
        return outgoing{typed, std::move(value)};
    });
}

} // namespace crier::detail
