#pragma once

#include <crier/wire/errc.hpp>

#include "log_line.hpp"
#include "manager_state.hpp"

#include <memory>
#include <string>

namespace crier::detail {

/// A topic as a run of its polling service sees it.
class topic_publisher final : public publisher {
public:
    topic_publisher(
        const std::shared_ptr<manager_state>& owner, std::string topic, const polling_run& run)
        : owner_{owner}, executor_{owner->get_executor()}, topic_{std::move(topic)}, run_{run} {}

    boost::asio::any_io_executor get_executor() const override { return executor_; }

    void publish(const boost::json::value& data, publish_options options) override {
        const std::function<boost::json::value()> source = [&data] { return data; };
        publication what;
        what.json = &source;
        publish_in_run(what, options);
    }

    void publish(const event_view& whole, publish_options options) override {
        publication what;
        what.whole = &whole;
        publish_in_run(what, options);
    }

    void log(severity level, std::string_view line) override {
        if (const auto owner = owner_.lock()) {
            owner->log()(level, line);
        }
    }

private:
    void publish_in_run(publication& what, const publish_options& options) {
        if (const auto owner = owner_.lock()) {
            what.topic = topic_;
            what.run = &run_;
            what.options = options;
            static_cast<void>(owner->publish(what)); // what is refused is logged
        }
    }

    const std::weak_ptr<manager_state> owner_;
    const boost::asio::any_io_executor executor_;
    const std::string topic_;
    const polling_run& run_;
};

} // namespace crier::detail
