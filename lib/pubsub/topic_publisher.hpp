#pragma once

#include <crier/wire/errc.hpp>

#include "core.hpp"

#include <memory>

namespace crier::detail {

/// The one life of a topic, as its polling service sees it.
class topic_publisher final : public publisher {
public:
    topic_publisher(const std::shared_ptr<core>& owner, std::shared_ptr<topic> life)
        : owner_{owner}, executor_{owner->get_executor()}, life_{std::move(life)} {}

    boost::asio::any_io_executor get_executor() const override { return executor_; }

    void publish(const boost::json::value& data, publish_options options) override {
        const auto source = [&data] { return data; };
        publish_to_life(source, options);
    }

    void publish(const event& whole, publish_options options) override {
        publish_to_life(event_view{whole}, options);
    }

    void log(severity level, std::string_view line) override {
        if (const auto owner = owner_.lock()) {
            owner->log(level, line);
        }
    }

private:
    template <class Data>
    void publish_to_life(const Data& data, publish_options options) {
        if (const auto owner = owner_.lock()) {
            const auto published = owner->publish({life_->name, life_.get()}, data, options);
            if (!published && published.error() != errc::shut_down) {
                owner->log(
                    severity::warning, "polling published nothing: " + published.error().message());
            }
        }
    }

    const std::weak_ptr<core> owner_;
    const boost::asio::any_io_executor executor_;
    const std::shared_ptr<topic> life_;
};

} // namespace crier::detail
