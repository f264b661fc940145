#pragma once

#include "world.hpp"

#include <array>

namespace crier::test {

/// The first topic keeps nothing, the others a history, the newest, the newest of each key.
inline manager_options all_kinds() {
    manager_options options;
    options.rules.push_back({.matches = exactly("t1"), .history = {.events = 100}});
    options.rules.push_back({.matches = exactly("t2"), .retain = retention::newest});
    options.rules.push_back({.matches = exactly("t3"),
        .history = {.events = 100},
        .retain = retention::newest_per_key});
    return options;
}

inline constexpr std::array<form, 4> forms{form::text, form::json, form::own_id, form::changes};

/// Something to each of those topics, in each form.
inline void publish_all(ledger& book) {
    for (const form how : forms) {
        for (std::size_t topic = 0; topic < 4; ++topic) {
            book.publish(topic, how, topic);
        }
    }
}

} // namespace crier::test
