// The journal of a hub that is broken on purpose, in place of those of examples/hub: some of what
// arrives from its engine is lost, as if holes were not filled.

#include <crier/journal/nats_journal.hpp>

#include "hub/journals.hpp"
#include "wrapped_journal.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace hub {
namespace {

using namespace crier;

class holey_journal final : public model::wrapped_journal<shared_journal, nats_journal>,
                            journal_listener {
public:
    using wrapped_journal::wrapped_journal;

    void listen(journal_listener* to) noexcept override {
        told_ = to;
        within().listen(to == nullptr ? nullptr : this);
    }
    boost::system::error_code follow(std::span<const std::string_view> topics) override {
        return within().follow(topics);
    }
    void unfollow(std::string_view topic) noexcept override { within().unfollow(topic); }
    boost::system::result<std::uint64_t> newest() override { return within().newest(); }

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
