#pragma once

#include <crier/wire/errc.hpp>

#include "core.hpp"

#include <memory>
#include <string>

namespace crier::detail {

/// A topic as a run of its polling service sees it.
class topic_publisher final : public publisher {
public:
    topic_publisher(const std::shared_ptr<core>& owner, std::string topic, const polling_run& run)
        : owner_{owner}, executor_{owner->get_executor()}, topic_{std::move(topic)}, run_{run} {}

    boost::asio::any_io_executor get_executor() const override { return executor_; }

    void publish(const boost::json::value& data, publish_options options) override {
        const auto source = [&data] { return data; };
        publish_in_run(source, options);
    }

    void publish(const event& whole, publish_options options) override {
        publish_in_run(event_view{whole}, options);
    }

    void log(severity level, std::string_view line) override {
        if (const auto owner = owner_.lock()) {
            owner->log(level, line);
        }
    }

private:
    template <class Data>
    void publish_in_run(const Data& data, publish_options options) {
        if (const auto owner = owner_.lock()) {
            const auto published = owner->publish({topic_, &run_}, data, options);
            if (!published && published.error() != errc::shut_down) {
                owner->log(
                    severity::warning, "polling published nothing: " + published.error().message());
            }
        }
    }

    const std::weak_ptr<core> owner_;
    const boost::asio::any_io_executor executor_;
    const std::string topic_;
    const polling_run& run_;
};

} // namespace crier::detail
