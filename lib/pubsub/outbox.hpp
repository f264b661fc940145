#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/journal.hpp>
#include <crier/wire/frame.hpp>

#include "acknowledgement.hpp"
#include "topic.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crier::detail {

class owed_drains;

/// What is done, under the manager's lock, once what was published before was delivered. It may
/// throw for lack of memory, and is called again then.
struct turn {
    std::string topic{};
    std::function<void(owed_drains&)> act{};
    /// What the journal is to forget before it: the topic, or only a key of it.
    bool forgets = false;
    std::optional<std::string> key{};
    /// The journal is to know that numbers were given up to here; 0: nothing of that.
    std::uint64_t number = 0;
    /// A shared journal is to follow it.
    topic_ptr follows{};
};

/// Of what goes to a journal that nodes share.
struct shared_part {
    std::string topic;
    journal_action action = journal_action::publish;
    std::string key{}; ///< of an action other than `publish`
    bool only_changes = false;
    std::uint64_t ticket = 0; ///< given by the outbox
};

/// What waits for the journal: an event that has its number, or somebody's turn.
struct outgoing {
    topic_ptr to{}; ///< none: another of the last two
    frame content{};
    event_id id{};
    bool has_own_id = false;
    std::chrono::system_clock::time_point at{}; ///< when it began to wait
    /// It equals the topic's last event: for those alone who have joined since.
    bool is_repeated = false;
    acknowledgement then{};
    std::unique_ptr<turn> instead{};
    std::unique_ptr<shared_part> shared{};
};

/// What waits for the journal, oldest first, and how much that is. Guarded by the manager's lock.
class outbox {
public:
    explicit outbox(const outbox_limits& most) noexcept : most_{most} {}

    bool fits(const frame& content) const noexcept {
        return waits_.events < most_.events && waits_.bytes + content.text().size() <= most_.bytes;
    }

    /// True: nothing waited to be taken, and who takes it is to be woken. Nothing changes where it
    /// throws.
    [[nodiscard]] bool push(outgoing&& added) {
        const std::size_t bytes = added.content.text().size();
        added.at = std::chrono::system_clock::now();
        if (added.shared) {
            added.shared->ticket = ++tickets_;
        }
        waiting_.push_back(std::move(added));
        waits_.events += 1;
        waits_.bytes += bytes;
        return waiting_.size() == 1;
    }

    /// All that waits, to be written by one; it counts until it is settled.
    void take(std::vector<outgoing>& all) noexcept {
        all.swap(waiting_);
        if (!all.empty()) {
            oldest_ = all.front().at;
        }
    }
    void settle(const outgoing& one) noexcept {
        waits_.events -= 1;
        waits_.bytes -= one.content.text().size();
    }

    /// Whether nothing waits to be taken, and whether nothing is unsettled either.
    bool empty() const noexcept { return waiting_.empty(); }
    bool is_settled() const noexcept { return waits_.events == 0; }
    const outbox_limits& waits() const noexcept { return waits_; }

    /// Since when the first of those wait that are not settled.
    std::chrono::system_clock::time_point oldest() const noexcept {
        const bool is_taken = waits_.events > waiting_.size();
        return is_taken          ? oldest_
             : !waiting_.empty() ? waiting_.front().at
                                 : std::chrono::system_clock::now();
    }

private:
    const outbox_limits most_;
    outbox_limits waits_{0, 0};
    std::uint64_t tickets_ = 0;
    std::vector<outgoing> waiting_;
    std::chrono::system_clock::time_point oldest_{}; ///< of those that were taken last
};

} // namespace crier::detail
