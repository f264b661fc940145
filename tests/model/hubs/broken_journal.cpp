#include "broken_journal.hpp"

#include <crier/journal/sqlite_journal.hpp>

#include "wrapped_journal.hpp"

#include <chrono>
#include <fstream>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace crier::model {
namespace {

using namespace std::chrono_literals;

class whole_journal : public wrapped_journal<journal, sqlite_journal> {
public:
    explicit whole_journal(const std::string& path)
        : wrapped_journal{sqlite_journal_options{.path = path}} {}
};

/// Writes what it was given some time later.
class early_journal final : public whole_journal {
public:
    using whole_journal::whole_journal;
    ~early_journal() override {
        writing_.request_stop();
        writing_.join();
        write();
    }

    boost::system::error_code keep(
        std::string_view topic, const history_limits& history, retention retain) override {
        const std::lock_guard lock{mutex_};
        return whole_journal::keep(topic, history, retain);
    }
    boost::system::error_code append(std::span<journal_entry> entries) override {
        const std::lock_guard lock{mutex_};
        for (const journal_entry& each : entries) {
            owned& added = waiting_.emplace_back(std::string{each.topic}, std::string{each.text});
            added.whole = each;
            added.whole.topic = added.topic;
            added.whole.text = added.text;
            added.whole.key = added.whole.own_id = {};
        }
        return {};
    }

private:
    struct owned {
        owned(std::string of, std::string what) : topic{std::move(of)}, text{std::move(what)} {}

        std::string topic;
        std::string text;
        journal_entry whole{};
    };

    void write() {
        const std::lock_guard lock{mutex_};
        std::vector<journal_entry> entries;
        for (const owned& each : waiting_) {
            entries.push_back(each.whole);
        }
        whole_journal::append(entries);
        waiting_.clear();
    }

    std::mutex mutex_;
    std::list<owned> waiting_;
    std::jthread writing_{[this](const std::stop_token& end) {
        while (!end.stop_requested()) {
            std::this_thread::sleep_for(20ms);
            write();
        }
    }};
};

/// Begins some numbers before the last one that it has, whose events it lets be.
class twice_journal final : public whole_journal {
public:
    explicit twice_journal(const std::string& path) : whole_journal{path}, path_{path + "-newest"} {
        std::ifstream{path_} >> newest_;
    }

    boost::system::result<numbering> begin() override {
        auto made = whole_journal::begin();
        constexpr std::uint64_t again = 20;
        if (made && newest_ > again) {
            made->newest = newest_ - again;
        }
        return made;
    }
    boost::system::error_code append(std::span<journal_entry> entries) override {
        while (!entries.empty() && entries.front().sequence <= newest_) {
            entries = entries.subspan(1);
        }
        if (entries.empty()) {
            return {};
        }
        const boost::system::error_code error = whole_journal::append(entries);
        newest_ = entries.back().sequence;
        std::ofstream{path_} << newest_;
        return error;
    }

private:
    std::string path_;
    std::uint64_t newest_ = 0;
};

} // namespace

std::shared_ptr<journal> broken_journal(journal_fault how, const std::string& path) {
    if (how == journal_fault::early) {
        return std::make_shared<early_journal>(path);
    }
    return std::make_shared<twice_journal>(path);
}

} // namespace crier::model
