#pragma once

#include <crier/pubsub/shared_journal.hpp>

#include "shown_entry.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::test {

/// Writes down what a shared journal tells, and waits for it.
class nats_listener final : public journal_listener {
public:
    static constexpr std::chrono::seconds patience{15};

    void followed(std::string_view topic, std::uint64_t through) override {
        note("followed " + std::string{topic} + ' ' + std::to_string(through));
    }

    void arrived(std::string_view topic, const journal_record& entry) override {
        const std::scoped_lock locked{lock_};
        numbers_.push_back(entry.sequence);
        events_.emplace_back(topic, entry.sequence);
        records_.push_back(entry);
        told_.push_back(
            std::string{topic} + ' ' + std::to_string(entry.sequence) + ' ' + shown(entry));
        changed_.notify_all();
    }

    void missed(
        std::string_view topic, std::uint64_t after, std::uint64_t through) noexcept override {
        note("missed " + std::string{topic} + ' ' + std::to_string(after) + ' ' +
             std::to_string(through));
    }

    void changed(journal_state now) noexcept override { note(std::string{to_string(now)}); }

    /// Whether so much was told within some seconds.
    bool wait_for(std::size_t count) {
        std::unique_lock locked{lock_};
        return changed_.wait_for(locked, patience, [&] { return told_.size() >= count; });
    }
    bool wait_for_events(std::size_t count, std::chrono::seconds longest = patience) {
        std::unique_lock locked{lock_};
        return changed_.wait_for(locked, longest, [&] { return numbers_.size() >= count; });
    }
    bool wait_for(std::string_view line) {
        std::unique_lock locked{lock_};
        return changed_.wait_for(
            locked, patience, [&] { return std::ranges::find(told_, line) != told_.end(); });
    }

    /// What was told, by lines, and not asked for yet.
    std::vector<std::string> take() {
        const std::scoped_lock locked{lock_};
        return std::exchange(told_, {});
    }
    /// Of all events.
    std::vector<std::uint64_t> numbers() const {
        const std::scoped_lock locked{lock_};
        return numbers_;
    }
    /// Their topics and numbers.
    std::vector<std::pair<std::string, std::uint64_t>> events() const {
        const std::scoped_lock locked{lock_};
        return events_;
    }
    std::vector<journal_record> records() const {
        const std::scoped_lock locked{lock_};
        return records_;
    }

private:
    void note(std::string line) {
        const std::scoped_lock locked{lock_};
        told_.push_back(std::move(line));
        changed_.notify_all();
    }

    mutable std::mutex lock_;
    std::condition_variable changed_;
    std::vector<std::string> told_;
    std::vector<std::uint64_t> numbers_;
    std::vector<std::pair<std::string, std::uint64_t>> events_;
    std::vector<journal_record> records_;
};

} // namespace crier::test
