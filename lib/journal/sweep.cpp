#include "sweep.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace crier::detail {

sweep::sweep(database& in, topic_rows& topics, kept_events& events, unkept_names& unkept)
    : topics_{topics},
      events_{events},
      unkept_{unkept},
      pages_{in, "PRAGMA page_count"},
      free_pages_{in, "PRAGMA freelist_count"},
      cut_{in, "PRAGMA incremental_vacuum(64)"} {}

void sweep::go_on(std::int64_t now, std::int64_t run, std::size_t& budget) {
    constexpr int topics_at_a_time = 4;
    for (int i = 0; i < topics_at_a_time && budget > 0; ++i) {
        look_at_next(now, run, budget);
    }
    cut_file();
}

void sweep::look_at_next(std::int64_t now, std::int64_t run, std::size_t& budget) {
    std::string name;
    std::optional<topic_row> next = topics_.next_after(last_, name);
    last_ = next ? next->number : 0;
    if (!next) {
        return;
    }
    const topic_row before = *next;
    events_.evict(*next, now, budget);
    if (next->events == 0 && next->keys == 0 && (next->run != run || !next->keeps())) {
        unkept_.note(name, std::max(next->evicted_through, next->retained_evicted));
        topics_.remove(next->number);
    } else if (*next != before) {
        topics_.update(*next);
    }
}

/// By small steps, and only where much is free: what is free is used again.
void sweep::cut_file() {
    constexpr std::int64_t worth_it = 1'024;
    std::int64_t free = 0;
    {
        cursor found = free_pages_();
        free = found.next() ? found.number(0) : 0;
    }
    if (free < worth_it) {
        return;
    }
    {
        cursor found = pages_();
        if (!found.next() || free <= found.number(0) / 2) {
            return;
        }
    }
    cursor cutting = cut_();
    while (cutting.next()) {
    }
}

} // namespace crier::detail
