#pragma once

#include "disturbance.hpp"
#include "link.hpp"
#include "process.hpp"
#include "town.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace crier::model {

/// A nats-server that all hubs share, each by a link of its own. It is disturbed until all is
/// published.
class engine {
public:
    engine(town& in, std::string program, std::string folder);
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    ~engine();

    /// The journal of a hub.
    std::string journal_of(std::size_t hub) const;
    /// Begins to disturb it.
    void begin();
    /// Once all is published: returns when it is disturbed no more.
    void calm_down() { is_calm_.wait(false); }

    /// Once it is disturbed no more.
    const disturbances& done() const noexcept { return done_; }
    const std::vector<std::string>& complaints() const noexcept { return complaints_; }

private:
    void start();
    void give_up(std::string why);
    void disturb();

    town& town_;
    const std::string program_;
    const std::string folder_;
    const std::uint16_t port_;
    dice random_;
    std::unique_ptr<process> running_;
    std::vector<std::unique_ptr<link>> links_;
    disturbances done_;
    std::vector<std::string> complaints_;
    std::atomic<bool> is_calm_{false};
    std::atomic<bool> is_over_{false};
    std::thread thread_;
};

} // namespace crier::model
