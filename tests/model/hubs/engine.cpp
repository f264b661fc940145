#include "engine.hpp"

#include "connection.hpp"
#include "pause.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

namespace crier::model {
namespace {

using namespace std::chrono_literals;

/// One that is free now.
std::uint16_t any_port() {
    boost::asio::io_context io{1};
    const boost::asio::ip::tcp::acceptor listening{
        io, {boost::asio::ip::address_v4::loopback(), 0}};
    return listening.local_endpoint().port();
}

} // namespace

engine::engine(town& in, std::string program, std::string folder)
    : town_{in},
      program_{std::move(program)},
      folder_{std::move(folder)},
      port_{any_port()},
      random_{in.with.seed + 15'485'863} {
    for (std::size_t i = 0; i < in.with.hubs; ++i) {
        links_.push_back(std::make_unique<link>(port_));
    }
    start();
}

engine::~engine() {
    is_over_ = true;
    is_over_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::string engine::journal_of(std::size_t hub) const {
    return "nats://127.0.0.1:" + std::to_string(links_[hub]->port()) + "/hubs";
}

void engine::begin() {
    thread_ = std::thread{[this] {
        try {
            while (!town_.is_published) {
                sleep_up_to(4 * town_.with.calm, random_);
                disturb();
            }
        } catch (const std::exception& error) {
            give_up(error.what());
        }
        is_calm_ = true;
        is_calm_.notify_all();
        is_over_.wait(false); // what it has started ends with it
    }};
}

void engine::start() {
    running_ = std::make_unique<process>(std::vector<std::string>{program_, "-a", "127.0.0.1", "-p",
                                             std::to_string(port_), "-js", "-sd", folder_},
        folder_ + ".log", false);
    connection probe;
    for (int tries = 0; !probe.open(port_); ++tries) {
        if (tries > 1'000 || !running_->runs()) {
            give_up("the engine could not be started");
            return;
        }
        std::this_thread::sleep_for(10ms);
    }
}

void engine::give_up(std::string why) {
    complaints_.push_back(std::move(why));
    town_.is_given_up = true;
}

void engine::disturb() {
    const std::uint32_t longest = random_(4) == 0 ? 3'000 : 500;
    link& some = *links_[random_(static_cast<std::uint32_t>(links_.size()))];
    const std::array<disturbance, 4> all{disturbance::kill_engine, disturbance::stop_engine,
        disturbance::part, disturbance::cut_engine};
    const disturbance what = all[random_(4)];
    switch (what) {
    case disturbance::kill_engine:
        running_->kill();
        sleep_up_to(longest, random_);
        start();
        break;
    case disturbance::stop_engine:
        running_->signal(SIGSTOP);
        sleep_up_to(longest, random_);
        running_->signal(SIGCONT);
        break;
    case disturbance::part:
        some.hold(true);
        sleep_up_to(longest, random_);
        some.hold(false);
        break;
    default: some.cut(); break;
    }
    done_.note(what);
}

} // namespace crier::model
