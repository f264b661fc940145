#include <crier/wire/errc.hpp>

#include "core.hpp"

#include <boost/json/serialize.hpp>

namespace crier::detail {

namespace json = boost::json;

std::shared_ptr<topic> core::find(destination to) const {
    const auto found = topics_.find(to.name);
    const bool meant =
        found != topics_.end() && (to.life == nullptr || to.life == found->second.get());
    return meant ? found->second : nullptr;
}

event_id core::next_id() noexcept {
    counts_->published.fetch_add(1, std::memory_order_relaxed);
    return {epoch_, ++sequence_};
}

template <class Prepare>
boost::system::result<event_id> core::publish_prepared(
    destination to, bool only_changes, Prepare prepare) {
    std::unique_lock lock{mutex_};
    if (shut_down_) {
        return errc::shut_down;
    }
    std::shared_ptr<topic> found = find(to);
    if (!found) {
        return next_id();
    }
    only_changes = only_changes || found->only_changes;
    std::shared_ptr<const last_value> last = found->last;
    lock.unlock();

    boost::system::result<prepared> made = prepare(only_changes);
    if (!made) {
        return made.error();
    }
    // Values may be large: they are compared without the lock, again if another came in between.
    bool equal = last && made->value && *last == *made->value;
    lock.lock();
    for (found = find(to); only_changes && found && found->last != last; found = find(to)) {
        last = found->last;
        lock.unlock();
        equal = last && *last == *made->value;
        lock.lock();
    }
    if (shut_down_) {
        return errc::shut_down;
    }
    if (!found) {
        return next_id();
    }
    if (equal && found->last_join < found->last_publish) {
        return event_id{epoch_, found->last_publish};
    }
    const std::uint64_t only_since = equal ? found->last_publish : 0;
    const event_id id = next_id();
    found->counts->published.fetch_add(1, std::memory_order_relaxed);
    found->last_publish = id.sequence;
    found->last = std::move(made->value);
    posts owed;
    for (const topic::home& home : found->homes) {
        if (home.on->push(shard::arrival{home.in, made->content, only_since})) {
            owed.push_back(home.on);
        }
    }
    lock.unlock();
    post_drains(owed);
    return id;
}

boost::system::result<event_id> core::publish(
    destination to, const event_view& whole, publish_options options) {
    event_view typed = whole;
    typed.type = options.type.empty() ? whole.type : options.type;
    return publish_prepared(
        to, options.only_changes, [&](bool compare) -> boost::system::result<prepared> {
            auto content = make_frame(typed);
            if (!content) {
                return content.error();
            }
            auto value = !compare ? nullptr
                                  : std::make_shared<const last_value>(last_value{
                                        std::string{typed.type}, std::string{typed.data}});
            return prepared{std::move(*content), std::move(value)};
        });
}

boost::system::result<event_id> core::publish(
    destination to, const json_source& source, publish_options options) {
    return publish_prepared(
        to, options.only_changes, [&](bool compare) -> boost::system::result<prepared> {
            json::value data = source();
            const std::string text = json::serialize(data);
            event_view typed{text};
            typed.type = options.type;
            auto content = make_frame(typed);
            if (!content) {
                return content.error();
            }
            auto value = !compare ? nullptr
                                  : std::make_shared<const last_value>(
                                        last_value{std::string{typed.type}, std::move(data)});
            return prepared{std::move(*content), std::move(value)};
        });
}

} // namespace crier::detail
