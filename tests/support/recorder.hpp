#pragma once

#include <crier/pubsub/polling.hpp>

#include "context.hpp"

#include <boost/json/serialize.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

/// Takes what a service publishes.
class recorder final : public crier::publisher {
public:
    std::vector<std::string> published;
    std::vector<crier::publish_options> options;
    std::vector<std::string> lines;

    explicit recorder(context& test) : executor_{test.io.get_executor()} {}

    asio::any_io_executor get_executor() const override { return executor_; }
    void publish(const boost::json::value& data, crier::publish_options how) override {
        published.push_back(boost::json::serialize(data));
        options.push_back(how);
    }
    void publish(const crier::event_view& whole, crier::publish_options) override {
        published.emplace_back(whole.data);
    }
    void log(crier::severity, std::string_view line) override { lines.emplace_back(line); }

private:
    asio::any_io_executor executor_;
};

} // namespace crier::test
