// Watches event streams: shows the state of each, its last event, its silence and its gaps.
// Try it with: monitor http://127.0.0.1:8080/events http://127.0.0.1:8081/time

#include <crier/client/event_source.hpp>
#include <crier/pubsub/gap.hpp>

#include "common/options.hpp"
#include "crier-cat/margin.hpp"
#include "crier-cat/printable.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <deque>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

std::string in_seconds(std::chrono::milliseconds time) {
    return std::to_string(std::chrono::round<std::chrono::seconds>(time).count()) + " s";
}

/// One stream, whose line is shown again whenever something of it changes.
class monitored_stream {
public:
    monitored_stream(asio::io_context& on, const std::string& url, std::chrono::seconds silence,
        const cat::margin& margin, std::size_t number)
        : margin_{margin}, number_{number}, source_{on.get_executor(), url, options(silence)} {}

    /// Until the stream is over for good.
    asio::awaitable<void> follow() {
        try {
            while (true) {
                const crier::event next = co_await source_.receive();
                take(next);
            }
        } catch (const boost::system::system_error&) { // NOLINT(bugprone-empty-catch): told before
        }
    }

private:
    crier::event_source_options options(std::chrono::seconds silence_after) {
        crier::event_source_options made;
        made.reconnection_time = 1s;
        made.max_backoff = 5s;
        made.silence_after = silence_after;
        made.on_state_change = [this](const crier::state_change& change) { observe(change); };
        made.on_silence = [this](const crier::silence& quiet) {
            silence_ = quiet.is_over ? "none" : in_seconds(quiet.lasted);
            show();
        };
        return made;
    }

    void observe(const crier::state_change& change) {
        using enum crier::change_kind;
        const std::string& why = change.message;
        switch (change.kind) {
        case opened: state_ = "open"; break;
        case retrying: state_ = "connecting in " + in_seconds(change.delay) + ": " + why; break;
        case id_not_sent: state_ = "connecting: " + why; break;
        case refused: state_ = "gone: " + why; break;
        case closed_by_program:
        case not_retried:
        case failed: state_ = "over: " + why; break;
        }
        silence_ = "none";
        show();
    }

    void take(const crier::event& next) {
        constexpr std::size_t most_text = 80;
        if (const std::optional<crier::gap> lost = crier::parse_gap(next)) {
            gaps_ = std::to_string(++gap_count_) + ", the last by ";
            gaps_ += to_string(lost->reason);
        } else {
            last_ = cat::printable((next.type + ' ' + next.data).substr(0, most_text));
        }
        show();
    }

    void show() const {
        const std::string line = margin_.text(number_, cat::painter{false}) + state_;
        std::cout << line + " | last event: " + last_ + " | silence: " + silence_ +
                         " | gaps: " + gaps_ + '\n';
    }

    const cat::margin& margin_;
    const std::size_t number_;
    std::string state_ = "connecting";
    std::string last_ = "none";
    std::string silence_ = "none";
    std::string gaps_ = "none";
    int gap_count_ = 0;
    crier::event_source source_;
};

/// Returns the exit status: 0 after a signal, 1 once all streams are over for good.
int run(const std::vector<std::string>& urls, std::chrono::seconds silence) {
    asio::io_context context{1};
    const cat::margin margin{urls};
    int status = 1;
    asio::signal_set signals{context, SIGINT, SIGTERM};
    signals.async_wait([&](boost::system::error_code, int) {
        status = 0;
        context.stop();
    });
    std::deque<monitored_stream> streams;
    std::size_t following = urls.size();
    for (std::size_t i = 0; i < urls.size(); ++i) {
        auto& added = streams.emplace_back(context, urls[i], silence, margin, i);
        asio::co_spawn(context, added.follow(), [&](const std::exception_ptr&) {
            if (--following == 0) {
                context.stop();
            }
        });
    }
    std::cout << std::unitbuf // so that each line is seen at once
              << "Of each stream: state, last event, silence, gaps; a line for each change.\n";
    context.run();
    return status;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Shows the state, the last event, the silence and the gaps of event streams."};
    std::vector<std::string> urls;
    unsigned silence = 60;
    app.add_option("url", urls, "the streams to watch")->required();
    app.add_option("--silence", silence, "after how many seconds without a byte to show a silence")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    return example::run_with(
        app, argc, argv, [&] { return run(urls, std::chrono::seconds{silence}); });
}
