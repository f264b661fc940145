// The memory of a server whose clients do not read, as the kernel sees it.
//
// To send 1 GB to each of 500 clients would take a kernel minutes. So it is published to many
// topics: those who never read are subscribed to all of them, and each of the others to one, so
// that together they get 2 GB. The clients are another process, whose memory is not the server's.

#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <malloc.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <new>
#include <numeric>
#include <vector>

using crier::manager_options;
using crier::overflow_policy;
using crier::queue_limits;
using crier::test::eventually;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// The sanitizers would need minutes, and have memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
constexpr bool is_full_size = false;
constexpr std::size_t stalled_clients = 50;
constexpr std::size_t healthy_clients = 50;
constexpr std::size_t topics = 25;
constexpr std::size_t published_bytes = std::size_t{64} << 20;
constexpr std::size_t memory_limit = std::size_t{8} << 20;
#else
constexpr bool is_full_size = true;
constexpr std::size_t stalled_clients = 500;
constexpr std::size_t healthy_clients = 500;
constexpr std::size_t topics = 250;
constexpr std::size_t published_bytes = std::size_t{1} << 30;
constexpr std::size_t memory_limit = std::size_t{64} << 20;
#endif
constexpr std::size_t clients = stalled_clients + healthy_clients;
constexpr std::size_t event_bytes = 4096;
/// In each round, each topic gets one event.
constexpr std::uint32_t rounds = published_bytes / event_bytes / topics;
/// How far the publisher goes ahead of the healthy clients: of the slowest one, far less than what
/// its queue holds, and of all together, far less than what the manager may take while room is
/// made.
constexpr std::uint32_t most_rounds_ahead = 8;
constexpr std::size_t most_events_ahead = memory_limit / 16 / event_bytes / 6;
constexpr std::size_t step = 5;

/// What the process of the clients tells that of the server.
struct progress {
    std::atomic<std::size_t> connected{0};
    std::atomic<std::size_t> failures{0};
    std::atomic<std::uint32_t> received[healthy_clients]{};

    std::uint32_t slowest() const {
        return *std::min_element(std::begin(received), std::end(received));
    }

    /// Events that all who wait for them have got, on average.
    std::size_t done() const {
        return std::accumulate(std::begin(received), std::end(received), std::size_t{0}) /
               (healthy_clients / topics);
    }
};

/// Memory that both processes see.
class shared_progress {
public:
    shared_progress()
        : at_{::mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
              -1, 0)} {
        REQUIRE(at_ != MAP_FAILED);
        new (at_) progress;
    }
    shared_progress(const shared_progress&) = delete;
    shared_progress& operator=(const shared_progress&) = delete;
    ~shared_progress() { ::munmap(at_, sizeof(progress)); }

    progress& operator*() const { return *static_cast<progress*>(at_); }
    progress* operator->() const { return static_cast<progress*>(at_); }

private:
    void* at_;
};

/// Reads one topic's stream: each event's data begins with its number.
class healthy_client {
public:
    healthy_client(std::atomic<std::uint32_t>& received, std::atomic<std::size_t>& failures)
        : received_{received}, failures_{failures} {}

    void take(std::string_view bytes) {
        constexpr std::size_t enough = 32;
        while (!bytes.empty()) {
            const std::size_t end = std::min(bytes.find('\n'), bytes.size());
            line_.append(bytes.substr(0, std::min(end, enough - std::min(enough, line_.size()))));
            if (end == bytes.size()) {
                return;
            }
            take_line(line_);
            line_.clear();
            bytes.remove_prefix(end + 1);
        }
    }

private:
    void take_line(std::string_view line) {
        constexpr std::string_view data = "data: ";
        if (line.starts_with(data)) {
            std::uint32_t number = 0;
            line.remove_prefix(data.size());
            std::from_chars(line.data(), line.data() + line.size(), number);
            failures_ += number == next_ ? 0 : 1;
            received_ = ++next_;
        } else if (line.starts_with("event: ")) {
            ++failures_;
        }
    }

    std::atomic<std::uint32_t>& received_;
    std::atomic<std::size_t>& failures_;
    std::string line_;
    std::uint32_t next_ = 0;
};

int connect_and_get(std::uint16_t port, const std::string& target, bool reads) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (!reads) {
        constexpr int small = 4096;
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    const tcp::endpoint server{asio::ip::address_v4::loopback(), port};
    const std::string request = "GET /" + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
    const bool done =
        ::connect(socket, server.data(), static_cast<socklen_t>(server.size())) == 0 &&
        ::send(socket, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size());
    return done ? socket : -1;
}

/// All clients, until they are killed. A plain loop: nothing of the library under test.
[[noreturn]] void run_clients(std::uint16_t port, progress& told) {
    const int poll = ::epoll_create1(0);
    std::vector<int> sockets;
    std::vector<healthy_client> readers;
    for (std::size_t i = 0; i < clients; ++i) {
        const bool reads = i < healthy_clients;
        const int socket = connect_and_get(port, reads ? std::to_string(i % topics) : "all", reads);
        told.failures += socket < 0 ? 1 : 0;
        sockets.push_back(socket);
        if (reads) {
            readers.emplace_back(told.received[i], told.failures);
            epoll_event interest{EPOLLIN, {.u64 = i}};
            ::epoll_ctl(poll, EPOLL_CTL_ADD, socket, &interest);
        }
        ++told.connected;
    }
    std::vector<char> buffer(std::size_t{256} * 1024);
    while (true) {
        epoll_event ready[64];
        const int count = ::epoll_wait(poll, ready, 64, -1);
        for (int i = 0; i < count; ++i) {
            const std::size_t who = ready[i].data.u64;
            const ssize_t size = ::recv(sockets[who], buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (size > 0) {
                readers[who].take({buffer.data(), static_cast<std::size_t>(size)});
            } else if (size == 0) {
                ::epoll_ctl(poll, EPOLL_CTL_DEL, sockets[who], nullptr);
                ++told.failures;
            }
        }
    }
}

/// A process of its own until the end of the scope.
class client_process {
public:
    template <class Run>
    explicit client_process(Run run) : id_{::fork()} {
        if (id_ == 0) {
            run();
        }
        REQUIRE(id_ > 0);
    }
    client_process(const client_process&) = delete;
    client_process& operator=(const client_process&) = delete;
    ~client_process() {
        ::kill(id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
    }

private:
    const pid_t id_;
};

/// Bytes of this process that are in memory.
std::size_t resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    std::size_t all = 0;
    std::size_t resident = 0;
    statm >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void allow_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    REQUIRE(limit.rlim_cur > clients + 100);
}

crier::serve_options options_of(const crier::exchange& request) {
    crier::serve_options options;
    for (std::size_t i = 0; request.path() == "/all" && i < topics; ++i) {
        options.topics.emplace_back().name = '/' + std::to_string(i);
    }
    return options;
}

/// Publishes everything to those who read and those who do not, and looks at the memory meanwhile.
void publish_all(manager_options options) {
    allow_descriptors();
    ::malloc_trim(0); // what another test has left
    options.memory_limit = memory_limit;
    options.topics_limit = topics;
    options.heartbeat_interval = std::chrono::minutes{10}; // so that nobody is given up
    options.log = [](crier::severity, std::string_view) {};
    const shared_progress told;
    crier::server server{{.port = 0, .threads = 2}};
    // Before there are threads.
    const client_process other{[&] { run_clients(server.local_endpoint().port(), *told); }};
    const std::size_t before = resident_bytes();
    crier::manager events{server.get_executor(), options};
    server.on_shutdown([&] { events.shutdown(); });
    std::thread serving{[&] {
        server.run([&](crier::exchange& request) -> asio::awaitable<void> {
            crier::serve_options which = options_of(request);
            co_await request.stream(events, std::move(which));
        });
    }};
    CHECK(eventually([&] { return streams_of(events).open == clients; }));
    const std::size_t connected = resident_bytes();

    std::string data(event_bytes, 'x');
    std::size_t resident = 0;
    std::size_t counted = 0;
    std::size_t refused = 0;
    std::size_t published = 0;
    std::chrono::steady_clock::duration longest{};
    const auto begin = std::chrono::steady_clock::now();
    const auto give_up = begin + std::chrono::seconds{110};
    bool stuck = false;
    for (std::uint32_t round = 0; round < rounds && !stuck; ++round) {
        *std::to_chars(data.data(), data.data() + 10, round).ptr = ' ';
        for (std::size_t topic = 0; topic < topics; ++topic) {
            const auto start = std::chrono::steady_clock::now();
            refused += events.publish('/' + std::to_string(topic), data) ? 0 : 1;
            longest = std::max(longest, std::chrono::steady_clock::now() - start);
            ++published;
            while (published % step == 0 && !stuck &&
                   (told->done() + most_events_ahead < published ||
                       told->slowest() + most_rounds_ahead < round)) {
                std::this_thread::sleep_for(std::chrono::microseconds{50});
                stuck = told->failures > 0 || std::chrono::steady_clock::now() > give_up;
            }
        }
        resident = std::max(resident, resident_bytes());
        counted = std::max(counted, events.stats().memory);
    }
    const bool all_got_all = eventually([&] { return told->slowest() == rounds; });
    const auto took = std::chrono::steady_clock::now() - begin;
    resident = std::max(resident, resident_bytes());
    const crier::manager_stats stats = events.stats();
    const auto in = [](auto duration, auto unit) {
        return std::chrono::duration_cast<decltype(unit)>(duration).count();
    };
    MESSAGE("published " << (stats.published * event_bytes >> 20) << " MiB in "
                         << in(took, std::chrono::milliseconds{}) << " ms, longest publish "
                         << in(longest, std::chrono::microseconds{})
                         << " us; resident: " << (before >> 10) << " KiB, connected "
                         << (connected >> 10) << " KiB, at most " << (resident >> 10)
                         << " KiB; counted at most " << (counted >> 10) << " of "
                         << (memory_limit >> 10) << " KiB; dropped " << stats.dropped);
    CHECK(all_got_all);
    CHECK(refused == 0);
    CHECK(told->failures == 0);
    CHECK(streams_of(events).open == clients);
    CHECK(stats.dropped > 0);
    CHECK(counted <= memory_limit + memory_limit / 16);
    if (is_full_size) {
        constexpr std::size_t budget = memory_limit + memory_limit / 10;
        CHECK(resident - before <= budget + clients * 100 * 1024);
        // Much of that is what a connection takes at its beginning, and would hide the rest.
        CHECK(resident - connected <= budget + clients * 16 * 1024);
    }
    server.shutdown(std::chrono::milliseconds{100});
    serving.join();
}

} // namespace

TEST_CASE("clients that never read and have endless queues take no more than the memory limit") {
    manager_options options;
    options.queue = {1'000'000, std::size_t{2} << 30, overflow_policy::drop_oldest};
    publish_all(options);
}

TEST_CASE("clients that never read take no more than their queues and the memory limit allow") {
    publish_all({});
}
