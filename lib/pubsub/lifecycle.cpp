#include "lifecycle.hpp"

#include "quoted.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace crier::detail {

namespace asio = boost::asio;

void lifecycle::start(std::shared_ptr<polling_run> run) {
    asio::post(strand_, [self = shared_from_this(), run = std::move(run)] { self->enqueue(run); });
}

void lifecycle::stop(std::shared_ptr<polling_run> run) {
    asio::post(strand_, [self = shared_from_this(), run = std::move(run)] { self->end(run); });
}

void lifecycle::enqueue(const std::shared_ptr<polling_run>& run) {
    auto& queue = queues_[run->service.get()];
    queue.push_back(run);
    if (queue.size() == 1) {
        begin(*run);
    }
}

void lifecycle::begin(polling_run& run) {
    try {
        run.service->start(*run.to);
        log(severity::info, run, "started");
    } catch (const std::exception& error) {
        log(severity::error, run, std::string{"did not start: "} + error.what());
    }
}

void lifecycle::end(const std::shared_ptr<polling_run>& run) {
    auto& queue = queues_[run->service.get()];
    if (queue.front() == run) {
        asio::co_spawn(strand_, stop_service(shared_from_this(), run), asio::detached);
    } else {
        std::erase(queue, run);
    }
}

asio::awaitable<void> lifecycle::stop_service(
    std::shared_ptr<lifecycle> self, std::shared_ptr<polling_run> run) {
    try {
        co_await run->service->stop();
        self->log(severity::info, *run, "stopped");
    } catch (const std::exception& error) {
        self->log(severity::error, *run, std::string{"did not stop well: "} + error.what());
    }
    auto& queue = self->queues_[run->service.get()];
    queue.pop_front();
    if (queue.empty()) {
        self->queues_.erase(run->service.get());
    } else {
        self->begin(*queue.front());
    }
}

void lifecycle::log(severity level, const polling_run& run, std::string_view what) const {
    (*log_)(level, "polling of topic " + quoted(run.topic) + " " + std::string{what});
}

} // namespace crier::detail
