#pragma once

#include <crier/pubsub/shared_journal.hpp>
#include <crier/wire/errc.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace crier::test {

class node_journal;

/// An engine in memory, whose nodes are journals that share it.
struct shared_engine {
    struct stored {
        std::string topic;
        journal_record entry;
        std::string own_id;
    };

    mutable std::mutex mutex;
    std::vector<stored> all;
    std::uint64_t removed_through = 0; ///< which is read no more
    std::vector<node_journal*> nodes;
    bool is_away = false;
    boost::system::error_code refusal;

    std::uint64_t newest() const noexcept { return all.empty() ? 0 : all.back().entry.sequence; }
};

/// What arrives waits until the test lets it.
class node_journal final : public shared_journal {
public:
    explicit node_journal(shared_engine& by) : by_{by} {
        const std::lock_guard lock{by_.mutex};
        by_.nodes.push_back(this);
    }
    ~node_journal() override {
        const std::lock_guard lock{by_.mutex};
        std::erase(by_.nodes, this);
    }

    boost::system::result<numbering> begin() override {
        const std::lock_guard lock{by_.mutex};
        return numbering{7, by_.newest()};
    }

    boost::system::error_code keep(std::string_view, const history_limits&, retention) override {
        return {};
    }

    boost::system::error_code append(std::span<journal_entry> entries) override {
        const std::lock_guard lock{by_.mutex};
        if (by_.is_away || is_away || is_ended_) {
            return errc::journal_unavailable;
        }
        for (journal_entry& each : entries) {
            if (by_.refusal) {
                each.error = by_.refusal;
                continue;
            }
            each.sequence = store(each);
        }
        return {};
    }

    boost::system::error_code forget(std::string_view, std::optional<std::string_view>) override {
        return {};
    }

    boost::system::result<journal_page> read(
        std::string_view topic, std::uint64_t after, std::size_t events, std::size_t) override {
        const std::lock_guard lock{by_.mutex};
        ++reads_;
        journal_page page;
        page.through = by_.newest();
        page.evicted_through = by_.removed_through;
        for (const shared_engine::stored& each : by_.all) {
            const std::uint64_t sequence = each.entry.sequence;
            if (each.topic != topic || sequence <= std::max(after, by_.removed_through)) {
                continue;
            }
            if (page.records.size() == events) {
                page.through = page.records.back().sequence;
                break;
            }
            page.records.push_back(each.entry);
        }
        return page;
    }

    boost::system::result<journal_page> read_retained(
        std::string_view topic, std::uint64_t, std::size_t, std::size_t) override {
        const std::lock_guard lock{by_.mutex};
        std::map<std::string, journal_record> values;
        for (const shared_engine::stored& each : by_.all) {
            if (each.topic == topic && each.entry.action == journal_action::publish) {
                values[each.entry.key] = each.entry;
            }
        }
        journal_page page;
        for (auto& [key, value] : values) {
            page.records.push_back(value);
        }
        std::ranges::sort(page.records, {}, &journal_record::sequence);
        return page;
    }

    boost::system::result<std::optional<std::uint64_t>> find(
        std::string_view topic, std::string_view own_id) override {
        const std::lock_guard lock{by_.mutex};
        const auto found = std::ranges::find_if(by_.all, [&](const shared_engine::stored& each) {
            return each.topic == topic && each.own_id == own_id;
        });
        return found == by_.all.end() ? std::nullopt : std::optional{found->entry.sequence};
    }

    void end() noexcept override {
        const std::lock_guard lock{by_.mutex};
        is_ended_ = true;
    }

    void listen(journal_listener* to) noexcept override {
        const std::lock_guard lock{telling_};
        listener_ = to;
    }

    boost::system::error_code follow(std::span<const std::string_view> topics) override {
        const std::lock_guard lock{by_.mutex};
        if (by_.is_away || is_away || is_ended_) {
            return errc::journal_unavailable;
        }
        for (const std::string_view each : topics) {
            followed_.emplace(each);
            std::uint64_t through = 0;
            for (const shared_engine::stored& kept : by_.all) {
                through = kept.topic == each ? kept.entry.sequence : through;
            }
            arriving_.push_back([topic = std::string{each}, through](
                                    journal_listener& to) { to.followed(topic, through); });
        }
        return {};
    }

    void unfollow(std::string_view topic) noexcept override {
        const std::lock_guard lock{by_.mutex};
        followed_.erase(std::string{topic});
    }

    boost::system::result<std::uint64_t> newest() override {
        const std::lock_guard lock{by_.mutex};
        if (hides_newest) {
            return errc::journal_unavailable;
        }
        return by_.newest();
    }

    // What a test does to it:

    /// Lets the first arrive of what waits. False: nothing waits, or all is held.
    bool bring_one() {
        std::function<void(journal_listener&)> next;
        {
            const std::lock_guard lock{by_.mutex};
            if (arriving_.empty() || is_held) {
                return false;
            }
            next = std::move(arriving_.front());
            arriving_.pop_front();
        }
        tell(next);
        return true;
    }

    void bring_all() {
        while (bring_one()) {
        }
    }

    void tell(const std::function<void(journal_listener&)>& what) {
        const std::lock_guard lock{telling_};
        if (listener_ != nullptr) {
            what(*listener_);
        }
    }

    /// Takes the entry away that would arrive next, to arrive later.
    std::function<void(journal_listener&)> take_next() {
        const std::lock_guard lock{by_.mutex};
        auto next = std::move(arriving_.front());
        arriving_.pop_front();
        return next;
    }

    std::size_t waiting() const {
        const std::lock_guard lock{by_.mutex};
        return arriving_.size();
    }
    bool follows(const std::string& topic) const {
        const std::lock_guard lock{by_.mutex};
        return followed_.contains(topic);
    }
    int reads() const noexcept { return reads_; }

    std::atomic<bool> is_held{false};
    std::atomic<bool> is_away{false};      ///< only for this node
    std::atomic<bool> hides_newest{false}; ///< does not say what it is

private:
    std::uint64_t store(const journal_entry& added) {
        if (const auto known = tickets_.find(added.ticket); known != tickets_.end()) {
            return known->second;
        }
        shared_engine::stored kept{std::string{added.topic}, {}, std::string{added.own_id}};
        kept.entry.sequence = by_.newest() + 1;
        kept.entry.key = added.key;
        kept.entry.text = added.text;
        kept.entry.at = added.at;
        kept.entry.has_own_id = !added.own_id.empty();
        kept.entry.only_changes = added.only_changes;
        kept.entry.action = added.action;
        by_.all.push_back(kept);
        tickets_[added.ticket] = kept.entry.sequence;
        for (node_journal* const each : by_.nodes) {
            if (each->followed_.contains(kept.topic)) {
                each->arriving_.push_back(
                    [kept](journal_listener& to) { to.arrived(kept.topic, kept.entry); });
            }
        }
        return kept.entry.sequence;
    }

    shared_engine& by_;
    std::mutex telling_;
    journal_listener* listener_ = nullptr;
    std::set<std::string> followed_;
    std::deque<std::function<void(journal_listener&)>> arriving_;
    std::map<std::uint64_t, std::uint64_t> tickets_;
    std::atomic<int> reads_{0};
    bool is_ended_ = false;
};

} // namespace crier::test
