#pragma once

#include "journal/nats_appending.hpp"
#include "journal/nats_connection.hpp"
#include "journal/nats_stream.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace crier::test {

/// The parts of a journal on NATS below what a test looks at, and what puts events into them.
class nats_feeder {
public:
    explicit nats_feeder(nats_journal_options options)
        : options_{std::move(options)}, connection_{options_}, stream_{connection_, options_} {
        stream_.open();
        appending_.emplace(stream_, [](auto, auto, auto) {
            return boost::system::result<std::optional<std::uint64_t>>{std::nullopt};
        });
    }

    struct more {
        std::string_view key{};
        std::string_view own_id{};
        bool only_changes = false;
        journal_action action = journal_action::publish;
    };

    /// Gives the event's number. Its data is the text.
    std::uint64_t put(std::string_view topic, std::string_view data, const more& with) {
        std::string text;
        if (with.action == journal_action::publish) {
            text = "data: " + std::string{data} + '\n' +
                   (with.own_id.empty() ? "" : "id: " + std::string{with.own_id} + '\n') + '\n';
        }
        journal_entry entry;
        entry.topic = topic;
        entry.text = text;
        entry.key = with.key;
        entry.own_id = with.own_id;
        entry.only_changes = with.only_changes;
        entry.action = with.action;
        entry.ticket = ++ticket_;
        const auto error = appending_->append({&entry, 1});
        REQUIRE_MESSAGE(!error, error.message());
        REQUIRE_MESSAGE(!entry.error, entry.error.message());
        return entry.sequence;
    }
    std::uint64_t put(std::string_view topic, std::string_view data) {
        return put(topic, data, more{});
    }
    std::uint64_t act(std::string_view topic, journal_action action, std::string_view key = {}) {
        return put(topic, {}, {.key = key, .action = action});
    }

    boost::system::error_code append(std::span<journal_entry> entries) {
        return appending_->append(entries);
    }

    /// As any client of NATS, and waits until the server has it.
    void publish(const std::string& token, std::string_view payload) {
        const auto error = connection_.request(options_.stream + ".e." + token, payload, patience);
        REQUIRE(error.has_value());
    }

    /// Asks JetStream for something.
    void call(std::string_view what, std::string_view payload) {
        const auto answer = connection_.request(stream_.api(what), payload, patience);
        REQUIRE(answer.has_value());
        REQUIRE_MESSAGE(answer->payload().find("\"error\"") == std::string_view::npos,
            std::string{answer->payload()});
    }

    detail::nats_connection& connection() { return connection_; }
    detail::nats_stream& stream() { return stream_; }

private:
    static constexpr std::chrono::milliseconds patience{5'000};

    nats_journal_options options_;
    detail::nats_connection connection_;
    detail::nats_stream stream_;
    std::optional<detail::nats_appending> appending_;
    std::uint64_t ticket_ = 0;
};

} // namespace crier::test
