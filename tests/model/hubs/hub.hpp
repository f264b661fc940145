#pragma once

#include "disturbance.hpp"
#include "process.hpp"
#include "town.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace crier::model {

/// A hub that runs on a thread of its own, and is disturbed until all is published; then it is let
/// alone.
class hub {
public:
    hub(town& in, std::size_t number, std::vector<std::string> command, std::string log);
    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;
    ~hub();

    /// Kills it once more, and starts it again. Once all is published.
    void restart();
    /// Lets it end in order, once nobody reads any more.
    void end();

    const disturbances& done() const noexcept { return done_; }
    const std::vector<std::string>& complaints() const noexcept { return complaints_; }

private:
    enum class order { none, restart, end };

    void run();
    void start();
    void give_up(std::string why);
    void disturb();
    void follow_orders();
    void give(order what);

    town& town_;
    const std::size_t number_;
    const std::vector<std::string> command_;
    const std::string log_;
    dice random_;
    disturbances done_;
    std::vector<std::string> complaints_;
    std::unique_ptr<process> running_;
    std::atomic<order> order_{order::none};
    std::thread thread_;
};

} // namespace crier::model
