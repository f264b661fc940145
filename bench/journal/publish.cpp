#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/subscription.hpp>

#include "common/pace.hpp"
#include "common/payload.hpp"
#include "common/percentiles.hpp"
#include "journal/commands.hpp"
#include "journal/opening.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string_view>
#include <thread>

namespace bench::journals {
namespace {

namespace asio = boost::asio;

constexpr std::string_view topic = "sensors/7";

struct asking {
    keeping kept;
    double rate = 1000;
    unsigned burst = 1;
    double seconds = 5;
    std::size_t size = 128;
};

asio::awaitable<void> read(crier::subscription from) {
    for (;;) {
        co_await from.async_receive(asio::use_awaitable);
    }
}

/// A manager, whose events somebody reads, and how long publishing to it took.
class side {
public:
    side(asio::io_context& io, const keeping& kept) : events_{io.get_executor(), kept.options()} {
        asio::co_spawn(
            events_.get_executor(), read(events_.subscribe(std::string{topic})), asio::detached);
    }

    void publish(std::string_view text) {
        const std::uint64_t called = monotonic_now();
        const auto id = events_.publish(topic, text);
        took_.add(static_cast<std::uint32_t>(monotonic_now() - called));
        id.value();
    }

    void forget_times() { took_ = {}; }

    void shutdown() noexcept { events_.shutdown(); }

    void print() {
        std::cout << R"({"p50": )" << took_.at(0.5) << R"(, "p99": )" << took_.at(0.99) << '}';
    }

private:
    crier::manager events_;
    percentiles took_;
};

void wait_until(pace::clock::time_point due) { std::this_thread::sleep_until(due); }

/// The sides take turns, burst by burst: what slows the machine down slows both.
std::uint64_t publish_in_turns(side& without, side& with, const asking& asked, double seconds) {
    payload text{asked.size};
    std::uint64_t bursts = 0;
    pace pace{2 * asked.rate, asked.burst, pace::clock::now()};
    const std::uint64_t end = monotonic_now() + static_cast<std::uint64_t>(seconds * 1e9);
    while (monotonic_now() < end) {
        wait_until(pace.due());
        side& to = bursts % 2 == 0 ? without : with;
        for (unsigned i = 0; i < asked.burst; ++i) {
            to.publish(text.text(bursts, monotonic_now()));
        }
        ++bursts;
        pace.next(pace::clock::now());
    }
    return bursts * asked.burst;
}

void measure(const asking& asked) {
    asio::io_context io{1};
    const auto working = asio::make_work_guard(io);
    side without{io, {.history = asked.kept.history}};
    side with{io, asked.kept};
    std::jthread serving{[&io] { io.run(); }};
    publish_in_turns(without, with, asked, asked.seconds / 10);
    without.forget_times();
    with.forget_times();
    const std::uint64_t published = publish_in_turns(without, with, asked, asked.seconds);
    without.shutdown();
    with.shutdown();
    io.stop();
    serving.join();
    std::cout << R"({"published": )" << published << R"(, "without_ns": )";
    without.print();
    std::cout << R"(, "with_ns": )";
    with.print();
    std::cout << "}\n";
}

} // namespace

command publish_command(CLI::App& app) {
    const auto asked = std::make_shared<asking>();
    CLI::App* words =
        app.add_subcommand("publish", "how long publish takes with a journal, and without one");
    asked->kept.add_to(*words);
    words->add_option("--rate", asked->rate, "events per second to each of the two managers")
        ->check(CLI::Range{0.1, 1e6});
    words->add_option("--burst", asked->burst, "events at once")->check(CLI::Range{1U, 10'000U});
    words->add_option("--seconds", asked->seconds, "time to measure");
    words->add_option("--size", asked->size, "bytes of an event's text");
    return {words, [asked] { measure(*asked); }};
}

} // namespace bench::journals
