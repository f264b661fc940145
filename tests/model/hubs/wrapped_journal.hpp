#pragma once

#include <crier/pubsub/journal.hpp>

#include <utility>

namespace crier::model {

/// A journal that does what one within it does, to be made to do something else.
template <class Interface, class Within>
class wrapped_journal : public Interface {
public:
    template <class Options>
    explicit wrapped_journal(const Options& options) : within_{options} {}

    boost::system::result<journal::numbering> begin() override { return within_.begin(); }
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

protected:
    Within& within() noexcept { return within_; }

private:
    Within within_;
};

} // namespace crier::model
