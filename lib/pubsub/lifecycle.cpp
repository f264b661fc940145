#include "lifecycle.hpp"

#include "escaped.hpp"
#include "what.hpp"

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
    } else if (queue.front()->topic != run->topic) {
        log(severity::warning, *run, "waits: its service runs for another topic");
    }
}

void lifecycle::begin(polling_run& run) {
    try {
        run.service->start(*run.to);
        log(severity::info, run, "started");
    } catch (...) {
        log(severity::error, run, "did not start: " + what(std::current_exception()));
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
    } catch (...) {
        self->log(severity::error, *run, "did not stop well: " + what(std::current_exception()));
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
    (*log_)(level, "polling of topic " + escaped(run.topic) + " " + std::string{what});
}

} // namespace crier::detail
