#include "fan_out.hpp"

#include "shard.hpp"

#include <algorithm>

namespace crier::detail {

void fill(deliveries& some, std::size_t lanes, const memory_account_ptr& account) {
    while (some.size() < lanes) {
        some.push_back(delivery_ptr{new delivery{account}});
    }
}

void fan_out(deliveries& by, topic& to, const fanned_out& what, owed_drains& owed) noexcept {
    const std::uint64_t only_since = what.is_repeated ? to.last_publish : 0;
    const std::uint64_t last = std::max(what.id.sequence, what.last);
    to.last_publish = what.id.sequence;
    auto next = by.begin();
    for (lane& each : to.lanes) {
        delivery& sent = *(next++)->detach();
        if (what.content == nullptr) {
            sent.deny();
        } else {
            sent.content = *what.content;
        }
        sent.id = what.id;
        sent.in = &each;
        sent.only_since = only_since;
        sent.is_late = what.is_late;
        sent.last = last;
        if (sent.is_denied() ? each.on->deny(sent) : each.on->push(sent)) {
            owed.add(each.on);
        }
    }
}

} // namespace crier::detail
