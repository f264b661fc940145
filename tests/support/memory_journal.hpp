#pragma once

#include <crier/pubsub/journal.hpp>
#include <crier/wire/errc.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace crier::test {

/// A journal that is kept in memory by the test, over the lives of managers.
class memory_journal : public journal {
public:
    boost::system::result<numbering> begin() override {
        const std::lock_guard lock{mutex_};
        return numbering{7, newest_};
    }

    boost::system::error_code keep(
        std::string_view topic, const history_limits& history, retention retain) override {
        const std::lock_guard lock{mutex_};
        kept& of = topics_[std::string{topic}];
        of.limits = history;
        of.retain = retain;
        return {};
    }

    boost::system::error_code append(std::span<journal_entry> entries) override {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !is_held_ || is_ended_; });
        if (refusal_ || is_ended_) {
            return refusal_ ? refusal_ : make_error_code(errc::journal_unavailable);
        }
        ++appends_;
        for (const journal_entry& each : entries) {
            kept& of = topics_[std::string{each.topic}];
            of.add({each.sequence, std::string{each.key}, std::string{each.text}, each.at});
            if (!each.own_id.empty()) {
                of.own_ids.emplace(each.own_id, each.sequence);
            }
            newest_ = each.sequence;
        }
        changed_.wait(lock, [this] { return !is_answer_held_ || is_ended_; });
        return {};
    }

    boost::system::error_code forget(
        std::string_view topic, std::optional<std::string_view> key) override {
        const std::lock_guard lock{mutex_};
        topics_[std::string{topic}].forget(key);
        return {};
    }

    boost::system::result<journal_page> read(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override {
        const std::lock_guard lock{mutex_};
        ++reads_;
        return page_of(topics_[std::string{topic}].history, topic, after, events, bytes);
    }

    boost::system::result<journal_page> read_retained(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override {
        const std::lock_guard lock{mutex_};
        ++reads_;
        std::deque<journal_record> values;
        for (const auto& [key, value] : topics_[std::string{topic}].values) {
            values.push_back(value);
        }
        std::ranges::sort(values, {}, &journal_record::sequence);
        journal_page page = page_of(values, topic, after, events, bytes);
        page.evicted_through = topics_[std::string{topic}].forgotten_through;
        return page;
    }

    boost::system::result<std::optional<std::uint64_t>> find(
        std::string_view topic, std::string_view own_id) override {
        const std::lock_guard lock{mutex_};
        const auto& of = topics_[std::string{topic}].own_ids;
        const auto known = of.find(own_id);
        return known == of.end() ? std::nullopt : std::optional{known->second};
    }

    void end() noexcept override {
        const std::lock_guard lock{mutex_};
        is_ended_ = true;
        changed_.notify_all();
    }

    // What a test does to it:

    /// Lets the next manager begin.
    void restart() {
        const std::lock_guard lock{mutex_};
        is_ended_ = false;
    }
    void refuse(boost::system::error_code why) {
        const std::lock_guard lock{mutex_};
        refusal_ = why;
    }
    /// Lets appending wait.
    void hold(bool is_held) {
        const std::lock_guard lock{mutex_};
        is_held_ = is_held;
        changed_.notify_all();
    }
    /// Lets appending wait once it is done, so that only who reads knows of it.
    void hold_answer(bool is_held) {
        const std::lock_guard lock{mutex_};
        is_answer_held_ = is_held;
        changed_.notify_all();
    }
    int appends() const {
        const std::lock_guard lock{mutex_};
        return appends_;
    }
    int reads() const {
        const std::lock_guard lock{mutex_};
        return reads_;
    }
    std::size_t events(const std::string& topic) {
        const std::lock_guard lock{mutex_};
        return topics_[topic].history.size();
    }

private:
    struct kept {
        history_limits limits;
        retention retain = retention::none;
        std::deque<journal_record> history;
        std::map<std::string, journal_record> values;
        std::map<std::string, std::uint64_t, std::less<>> own_ids;
        std::uint64_t evicted_through = 0;
        std::uint64_t forgotten_through = 0; ///< of values

        void add(journal_record added) {
            if (retain != retention::none) {
                values[retain == retention::newest ? std::string{} : added.key] = added;
            }
            history.push_back(std::move(added));
            while (history.size() > limits.events) {
                evicted_through = history.front().sequence;
                history.pop_front();
            }
        }

        void forget(std::optional<std::string_view> key) {
            for (const auto& [name, value] : values) {
                if (!key || name == *key) {
                    forgotten_through = std::max(forgotten_through, value.sequence);
                }
            }
            if (key) {
                values.erase(std::string{*key});
                return;
            }
            values.clear();
            if (!history.empty()) {
                evicted_through = history.back().sequence;
                history.clear();
            }
        }
    };

    journal_page page_of(const std::deque<journal_record>& from, std::string_view topic,
        std::uint64_t after, std::size_t events, std::size_t bytes) {
        journal_page page;
        page.evicted_through = topics_[std::string{topic}].evicted_through;
        page.through = std::numeric_limits<std::uint64_t>::max();
        std::size_t size = 0;
        for (const journal_record& each : from) {
            if (each.sequence <= after) {
                continue;
            }
            if (page.records.size() == events || size >= bytes) {
                page.through = page.records.back().sequence;
                break;
            }
            size += each.text.size();
            page.records.push_back(each);
        }
        return page;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, kept> topics_;
    std::uint64_t newest_ = 0;
    boost::system::error_code refusal_;
    bool is_held_ = false;
    bool is_answer_held_ = false;
    bool is_ended_ = false;
    int appends_ = 0;
    int reads_ = 0;
};

} // namespace crier::test
