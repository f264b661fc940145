#pragma once

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

namespace bench {

/// What each server of the benchmark is told on its command line.
struct options {
    std::uint16_t port = 0;
    unsigned threads = 1;
    unsigned topics = 1;
    unsigned silent = 0;
    double rate = 0;
    std::size_t size = 128;
    unsigned burst = 1;
    double heartbeat = 15;
    std::string certificate;
    std::string key;
    std::string ticket_keys;
    bool http2 = false;

    bool tls() const { return !certificate.empty(); }

    void add_to(CLI::App& app) {
        const CLI::Range at_least_one{1U, 1'000'000U};
        app.add_option("--port", port, "port on 127.0.0.1; 0: any free one");
        app.add_option("--threads", threads, "threads that serve")->check(CLI::Range{1U, 1024U});
        app.add_option("--topics", topics, "streams are /t/0 to /t/N-1")->check(at_least_one);
        app.add_option("--silent", silent, "further topics, to which nothing is published");
        app.add_option("--rate", rate, "events per second, all topics together; 0: none")
            ->check(CLI::Range{0.0, 1e9});
        app.add_option("--size", size, "bytes of an event's text")
            ->check(CLI::Range{std::size_t{1}, std::size_t{1} << 20});
        app.add_option("--burst", burst, "events at once")->check(at_least_one);
        app.add_option("--heartbeat", heartbeat, "seconds between heartbeats")
            ->check(CLI::Range{0.01, 1e6});
        auto* const chain =
            app.add_option("--certificate", certificate, "a file in PEM; with it, all is by TLS");
        app.add_option("--key", key, "its key, a file in PEM")->needs(chain);
        chain->needs("--key");
        app.add_option("--ticket-keys", ticket_keys, "a file with 80 random bytes, for tickets")
            ->needs(chain);
        app.add_flag("--http2", http2, "streams come by HTTP/2");
    }

    std::chrono::milliseconds heartbeat_interval() const {
        return std::chrono::milliseconds{static_cast<std::int64_t>(heartbeat * 1000)};
    }
};

/// Runs a program with its command line: asked for help it says so and ends with 0, on a mistake
/// with 2, on a failure with 1.
template <class Run>
int run_with(CLI::App& app, int argc, char** argv, Run run) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        run();
        return 0;
    } catch (const std::exception& error) {
        std::cerr << app.get_name() << ": " << error.what() << '\n';
        return 1;
    }
}

} // namespace bench
