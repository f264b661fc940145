#pragma once

#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/polling.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace crier::detail {

/// One start and stop of a polling service, for one life of a topic.
struct polling_run {
    std::shared_ptr<polling_service> service;
    std::unique_ptr<publisher> to;
    std::string topic;
    std::chrono::milliseconds linger{};
};

/// Starts and stops polling services on a strand, in the background of whoever asks. Runs of the
/// same service object follow one another; those of different objects do not wait.
class lifecycle : public std::enable_shared_from_this<lifecycle> {
public:
    lifecycle(boost::asio::any_io_executor strand, std::shared_ptr<const logger> log)
        : strand_{std::move(strand)}, log_{std::move(log)} {}

    void start(std::shared_ptr<polling_run> run);
    void stop(std::shared_ptr<polling_run> run);

private:
    void enqueue(const std::shared_ptr<polling_run>& run);
    void begin(polling_run& run);
    void end(const std::shared_ptr<polling_run>& run);
    static boost::asio::awaitable<void> stop_service(
        std::shared_ptr<lifecycle> self, std::shared_ptr<polling_run> run);
    void log(severity level, const polling_run& run, std::string_view what) const;

    const boost::asio::any_io_executor strand_;
    const std::shared_ptr<const logger> log_;
    /// On the strand only. The first of each queue is running, or stopping.
    std::unordered_map<polling_service*, std::deque<std::shared_ptr<polling_run>>> queues_;
};

} // namespace crier::detail
