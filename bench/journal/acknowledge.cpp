#include <crier/pubsub/manager.hpp>

#include "common/payload.hpp"
#include "common/percentiles.hpp"
#include "journal/commands.hpp"
#include "journal/opening.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace bench::journals {
namespace {

namespace asio = boost::asio;

struct asking {
    keeping kept;
    unsigned publishers = 64;
    unsigned pending = 1; ///< events that each has under way
    double warmup = 0.5;
    double seconds = 5;
    std::size_t size = 128;
};

/// What was acknowledged within the time that counts.
struct tally {
    std::uint64_t begin;
    std::uint64_t end;
    percentiles took_us{};
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;

    void add(std::uint64_t called, std::uint64_t now, bool is_refused) {
        if (now < begin || now > end) {
            return;
        }
        if (is_refused) {
            ++refused;
            return;
        }
        ++acknowledged;
        constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
        took_us.add(static_cast<std::uint32_t>(std::min((now - called) / 1000, most)));
    }
};

/// One event after the other, each once the one before is acknowledged.
asio::awaitable<void> publish(
    crier::manager& to, std::string topic, std::size_t size, tally& counted) {
    payload text{size};
    std::uint64_t called = monotonic_now();
    for (std::uint64_t number = 0; called < counted.end; ++number) {
        const crier::event_view whole{text.text(number, called)};
        const crier::publish_options plain;
        const auto [error, id] =
            co_await to.async_publish(topic, whole, plain, asio::as_tuple(asio::use_awaitable));
        const std::uint64_t now = monotonic_now();
        counted.add(called, now, error.failed());
        called = now;
    }
}

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

void measure(const asking& asked) {
    asio::io_context io{1};
    crier::manager to{io.get_executor(), asked.kept.options()};
    const std::uint64_t begin = monotonic_now() + nanoseconds(asked.warmup);
    tally counted{.begin = begin, .end = begin + nanoseconds(asked.seconds)};
    // The manager's timers would keep the context running.
    unsigned running = asked.publishers * asked.pending;
    const auto ended = [&io, &running](const std::exception_ptr&) {
        if (--running == 0) {
            io.stop();
        }
    };
    for (unsigned i = 0; i < asked.publishers * asked.pending; ++i) {
        std::string topic = std::to_string(i % asked.publishers);
        asio::co_spawn(io, publish(to, std::move(topic), asked.size, counted), ended);
    }
    io.run();
    to.shutdown();
    std::cout << R"({"acknowledged": )" << counted.acknowledged << R"(, "refused": )"
              << counted.refused << R"(, "per_second": )"
              << static_cast<double>(counted.acknowledged) / asked.seconds << R"(, "us": {"p50": )"
              << counted.took_us.at(0.5) << R"(, "p99": )" << counted.took_us.at(0.99) << "}}\n";
}

} // namespace

command acknowledge_command(CLI::App& app) {
    const auto asked = std::make_shared<asking>();
    CLI::App* words =
        app.add_subcommand("acknowledge", "how many events per second a journal acknowledges");
    asked->kept.add_to(*words);
    words->add_option("--publishers", asked->publishers, "each with a topic of its own")
        ->check(CLI::Range{1U, 100'000U});
    words->add_option("--pending", asked->pending, "events that each has under way")
        ->check(CLI::Range{1U, 1'000U});
    words->add_option("--warmup", asked->warmup, "time before");
    words->add_option("--seconds", asked->seconds, "time to measure");
    words->add_option("--size", asked->size, "bytes of an event's text");
    return {words, [asked] { measure(*asked); }};
}

} // namespace bench::journals
