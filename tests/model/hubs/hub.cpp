#include "hub.hpp"

#include "pause.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

namespace crier::model {
namespace {

using namespace std::chrono_literals;

} // namespace

hub::hub(town& in, std::size_t number, std::vector<std::string> command, std::string log)
    : town_{in},
      number_{number},
      command_{std::move(command)},
      log_{std::move(log)},
      random_{in.with.seed + 104'729 * (static_cast<std::uint32_t>(number) + 1)} {
    thread_ = std::thread{[this] {
        try {
            run();
        } catch (const std::exception& error) {
            give_up(error.what());
        }
    }};
}

hub::~hub() {
    if (thread_.joinable()) {
        give(order::end);
        thread_.join();
    }
}

void hub::restart() { give(order::restart); }

void hub::end() {
    give(order::end);
    thread_.join();
}

void hub::give(order what) {
    order_ = what;
    order_.notify_one();
    if (what == order::restart && !town_.is_given_up) {
        order_.wait(order::restart);
    }
}

void hub::run() {
    start();
    while (!town_.is_published) {
        // Now and then for so long that who reads slowly misses something.
        sleep_up_to(town_.with.calm * (random_(8) == 0 ? 10 : 1), random_);
        if (!town_.is_published) {
            disturb();
        }
    }
    follow_orders();
}

void hub::start() {
    for (int tries = 0; !town_.is_given_up; ++tries) {
        running_ = std::make_unique<process>(command_, log_, true);
        const std::uint16_t port = port_in(running_->first_line());
        if (port != 0) {
            town_.ports[number_] = port;
            return;
        }
        // An engine may be away for a while.
        if (tries > 200) {
            give_up("a hub could not be started");
        }
        std::this_thread::sleep_for(100ms);
    }
}

void hub::give_up(std::string why) {
    complaints_.push_back(std::move(why));
    town_.is_given_up = true;
    order_ = order::none; // nobody waits for it
    order_.notify_all();
}

void hub::disturb() {
    if (!running_->runs()) {
        complaints_.push_back("a hub has ended by itself");
        start();
        return;
    }
    const auto stopped_for = [this](std::uint32_t milliseconds) {
        running_->signal(SIGSTOP);
        sleep_up_to(milliseconds, random_);
    };
    // What a journal in a file does wrong shows where it is killed.
    const bool is_to_crash = !town_.with.broken.empty() && !town_.with.is_shared();
    const auto what = is_to_crash ? disturbance::kill : static_cast<disturbance>(random_(5));
    switch (what) {
    case disturbance::stop:
        stopped_for(random_(4) == 0 ? 1'000 : 100);
        running_->signal(SIGCONT);
        break;
    case disturbance::cut: town_.cut(random_); break;
    case disturbance::kill_stopped: stopped_for(100); [[fallthrough]];
    case disturbance::kill:
        town_.ports[number_] = 0;
        running_->kill();
        break;
    case disturbance::terminate:
        town_.ports[number_] = 0;
        if (!running_->end()) {
            complaints_.push_back("a hub did not end in order");
        }
        break;
    default: break; // the engine's
    }
    done_.note(what);
    if (town_.ports[number_] == 0) {
        sleep_up_to(random_(4) == 0 ? 500 : 20, random_);
        start();
    }
}

void hub::follow_orders() {
    while (true) {
        order_.wait(order::none);
        if (order_ == order::end) {
            break;
        }
        town_.ports[number_] = 0;
        running_->kill();
        start();
        order done = order::restart;
        order_.compare_exchange_strong(done, order::none); // it may be told to end by now
        order_.notify_one();
    }
    town_.ports[number_] = 0;
    if (!running_->end()) {
        complaints_.push_back("a hub did not end in order at last");
    }
}

} // namespace crier::model
