#pragma once

#include <crier/client/event_source.hpp>
#include <crier/wire/errc.hpp>

#include "support/context.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::test {

/// An event_source all of whose events are received as they come, with a record of all that it
/// tells. It reconnects at once unless the options say how to wait.
class observed_source {
public:
    static event_source_options at_once() {
        event_source_options options;
        options.reconnection_time = std::chrono::milliseconds{0};
        options.random = [] { return 0.0; };
        return options;
    }

    observed_source(context& test, std::string_view url, event_source_options options = at_once())
        : test_{test}, source{test.io.get_executor(), url, observed(std::move(options))} {
        asio::co_spawn(test.io, receive_all(), asio::detached);
    }
    observed_source(const observed_source&) = delete;
    observed_source& operator=(const observed_source&) = delete;
    ~observed_source() {
        source.close();
        test_.run_until([this] { return end.has_value(); });
    }

    std::vector<std::string> data() const {
        std::vector<std::string> texts;
        for (const event& each : events) {
            texts.push_back(each.data);
        }
        return texts;
    }

    /// Runs until so many events have come.
    bool has_events(std::size_t count) {
        return test_.run_until([&] { return events.size() >= count; }) && events.size() == count;
    }

    bool has_changes(std::size_t count) {
        return test_.run_until([&] { return changes.size() >= count; });
    }

    /// Runs until the source has ended for good, and tells why.
    boost::system::error_code wait_for_end() {
        test_.run_until([this] { return end.has_value(); });
        return end.value_or(boost::system::error_code{});
    }

private:
    event_source_options observed(event_source_options options) {
        options.on_state_change = [this](const state_change& change) { changes.push_back(change); };
        options.on_comment = [this](std::string_view text) { comments.emplace_back(text); };
        return options;
    }

    asio::awaitable<void> receive_all() {
        try {
            while (true) {
                event next = co_await source.receive();
                events.push_back(std::move(next));
            }
        } catch (const boost::system::system_error& error) {
            end = error.code();
            words = error.what();
        }
    }

    context& test_;

public:
    std::vector<event> events;
    std::vector<state_change> changes;
    std::vector<std::string> comments;
    std::optional<boost::system::error_code> end;
    std::string words;
    event_source source;
};

} // namespace crier::test
