// The journal of a hub that is broken on purpose, in place of those of examples/hub: some of what
// arrives from its engine is lost, as if holes were not filled.

#include <crier/journal/nats_journal.hpp>

#include "hub/journals.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace hub {
namespace {

using namespace crier;

class holey_journal final : public shared_journal, journal_listener {
public:
    explicit holey_journal(const nats_journal_options& options) : within_{options} {}

    boost::system::result<numbering> begin() override { return within_.begin(); }
    boost::system::error_code keep(
        std::string_view topic, const history_limits& history, retention retain) override {
        return within_.keep(topic, history, retain);
    }
    boost::system::error_code append(std::span<journal_entry> entries) override {
        return within_.append(entries);
    }
    boost::system::error_code forget(
        std::string_view topic, std::optional<std::string_view> key) override {
        return within_.forget(topic, key);
    }
    boost::system::result<journal_page> read(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override {
        return within_.read(topic, after, events, bytes);
    }
    boost::system::result<journal_page> read_retained(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override {
        return within_.read_retained(topic, after, events, bytes);
    }
    boost::system::result<std::optional<std::uint64_t>> find(
        std::string_view topic, std::string_view own_id) override {
        return within_.find(topic, own_id);
    }
    void end() noexcept override { within_.end(); }

    void listen(journal_listener* to) noexcept override {
        told_ = to;
        within_.listen(to == nullptr ? nullptr : this);
    }
    boost::system::error_code follow(std::span<const std::string_view> topics) override {
        return within_.follow(topics);
    }
    void unfollow(std::string_view topic) noexcept override { within_.unfollow(topic); }
    boost::system::result<std::uint64_t> newest() override { return within_.newest(); }

private:
    void followed(std::string_view topic, std::uint64_t through) override {
        told_->followed(topic, through);
    }
    void arrived(std::string_view topic, const journal_record& entry) override {
        constexpr std::uint64_t one_in = 50;
        if (entry.sequence % one_in != 0) {
            told_->arrived(topic, entry);
        }
    }
    void missed(
        std::string_view topic, std::uint64_t after, std::uint64_t through) noexcept override {
        told_->missed(topic, after, through);
    }
    void changed(journal_state now) noexcept override { told_->changed(now); }

    nats_journal within_;
    journal_listener* told_ = nullptr; ///< set while nothing arrives
};

} // namespace

std::shared_ptr<journal> journal_of(const std::string& wanted, const topic_rule& kept) {
    constexpr std::string_view kind = "holes:";
    const std::size_t name = wanted.rfind('/');
    if (!wanted.starts_with(kind) || name == wanted.npos) {
        throw CLI::ValidationError{"--journal: holes:nats://HOST:PORT/STREAM", 2};
    }
    nats_journal_options options;
    options.url = wanted.substr(kind.size(), name - kind.size());
    options.stream = wanted.substr(name + 1);
    options.events = kept.history.events;
    return std::make_shared<holey_journal>(options);
}

} // namespace hub
