#pragma once

#include <string_view>

namespace crier {

/// How an event is published.
struct publish_options {
    /// Event type; empty means what `manager_options::type_of` gives, else "message".
    std::string_view type{};
    /// A value equal to the topic's last one is sent only to subscribers that have received nothing
    /// yet. JSON is compared without regard to the order of keys.
    bool only_changes = false;
    /// What the event is about. A newer event of the same key supersedes it if the policy is
    /// `overflow_policy::conflate`, `conflate_always` or `retention::newest_per_key`.
    std::string_view key{};
};

} // namespace crier
