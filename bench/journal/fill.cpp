#include <crier/pubsub/manager.hpp>
#include <crier/wire/errc.hpp>

#include "common/payload.hpp"
#include "contender/serve.hpp"
#include "journal/commands.hpp"
#include "journal/opening.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace bench::journals {
namespace {

struct filling {
    keeping kept;
    unsigned topics = 10'000;
    unsigned events = 100; ///< of each topic
    std::size_t size = 128;
};

void take_a_break() { std::this_thread::sleep_for(std::chrono::milliseconds{20}); }

crier::event_id publish(crier::manager& to, const std::string& topic, std::string_view text) {
    for (;;) {
        const auto id = to.publish(topic, text);
        if (id) {
            return *id;
        }
        if (id.error() != crier::errc::journal_full) {
            throw boost::system::system_error{id.error()};
        }
        take_a_break();
    }
}

/// All topics in turn, so that a topic's events do not lie next to each other.
void fill(const filling& asked) {
    boost::asio::io_context io;
    crier::manager to{io.get_executor(), asked.kept.options()};
    payload text{asked.size};
    crier::event_id newest;
    const std::uint64_t begin = monotonic_now();
    for (unsigned number = 0; number < asked.events; ++number) {
        for (const std::string& topic : topic_names(asked.topics)) {
            newest = publish(to, topic, text.text(number, monotonic_now()));
        }
    }
    for (auto now = to.stats(); now.journal && now.journal->waiting.events > 0; now = to.stats()) {
        take_a_break();
    }
    const double seconds = static_cast<double>(monotonic_now() - begin) / 1e9;
    std::cout << R"({"before": ")" << to_string(crier::event_id{newest.epoch, 0})
              << R"(", "events": )" << std::uint64_t{asked.topics} * asked.events
              << R"(, "seconds": )" << seconds << "}\n";
}

} // namespace

command fill_command(CLI::App& app) {
    const auto asked = std::make_shared<filling>();
    CLI::App* words = app.add_subcommand("fill", "fills a journal with events");
    asked->kept.add_to(*words);
    words->add_option("--topics", asked->topics, "topics, /t/0 and so on");
    words->add_option("--events", asked->events, "events of each topic");
    words->add_option("--size", asked->size, "bytes of an event's text");
    return {words, [asked] { fill(*asked); }};
}

} // namespace bench::journals
