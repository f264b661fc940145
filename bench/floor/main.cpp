// As little as a server of event streams can do: one thread, one loop, one `send` for each event
// and connection.

#include "floor/loop.hpp"

#include <sys/resource.h>

#include <csignal>
#include <deque>
#include <iostream>
#include <optional>
#include <thread>
#include <vector>

namespace {

using bench::bare::loop;
using bench::bare::tls;

void allow_many_files() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

sigset_t block_signals() {
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGINT);
    ::sigaddset(&ending, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    return ending;
}

void print(std::deque<loop>& loops) {
    std::uint64_t dropped = 0;
    for (const loop& each : loops) {
        dropped += each.dropped();
    }
    // All publish the same.
    loop& first = loops.front();
    std::cout << R"({"published": )" << first.published() << R"(, "publish_ns": {"p50": )"
              << first.took().at(0.5) << R"(, "p99": )" << first.took().at(0.99)
              << R"(}, "dropped": )" << dropped << "}\n";
}

void run(const bench::options& options) {
    allow_many_files();
    const sigset_t ending = block_signals();
    std::optional<tls> encrypting;
    if (options.tls()) {
        encrypting.emplace(options.certificate, options.key, options.ticket_keys, options.http2);
    }
    const tls* const by = encrypting ? &*encrypting : nullptr;
    const auto start = loop::clock::now();
    std::deque<loop> loops;
    loops.emplace_back(options, by, options.port, start);
    while (loops.size() < options.threads) {
        loops.emplace_back(options, by, loops.front().port(), start);
    }
    std::cout << "listening on " << loops.front().port() << '\n' << std::flush;
    std::vector<std::jthread> threads;
    threads.reserve(loops.size());
    for (loop& each : loops) {
        threads.emplace_back([&each] { each.run(); });
    }
    int signal = 0;
    ::sigwait(&ending, &signal);
    for (loop& each : loops) {
        each.stop();
    }
    threads.clear();
    print(loops);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Serves event streams with bare system calls.", "floor"};
    bench::options options;
    options.add_to(app);
    return bench::run_with(app, argc, argv, [&] { run(options); });
}
