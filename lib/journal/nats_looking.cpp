#include "nats_looking.hpp"

#include "async/persistently.hpp"

#include <utility>

namespace crier::detail {

nats_looking::nats_looking(const nats_stream& at, std::function<void(nats_sight)> told)
    : at_{at}, lookups_{at}, told_{std::move(told)}, thread_{[this] { run(); }} {}

nats_looking::~nats_looking() {
    {
        const std::scoped_lock locked{lock_};
        is_ending_ = true;
        changed_.notify_one();
    }
    thread_.join();
}

void nats_looking::look(std::vector<std::string> topics) {
    const std::scoped_lock locked{lock_};
    asked_ = std::move(topics);
    changed_.notify_one();
}

void nats_looking::run() {
    std::unique_lock locked{lock_};
    while (true) {
        changed_.wait(locked, [this] { return is_ending_ || asked_; });
        if (is_ending_) {
            return;
        }
        const std::vector<std::string> topics = std::move(*asked_);
        asked_.reset();
        locked.unlock();
        persistently([&] { told_(see(topics)); });
        locked.lock();
    }
}

nats_sight nats_looking::see(const std::vector<std::string>& topics) const {
    nats_sight seen;
    const auto info = at_.info();
    const auto newest = info ? lookups_.newest_of(topics) : info.error();
    if (!newest) {
        return seen;
    }
    seen.newest = info->newest;
    for (std::size_t i = 0; i < topics.size(); ++i) {
        seen.topics.push_back({topics[i], (*newest)[i]});
    }
    return seen;
}

} // namespace crier::detail
