#include <crier/http/stream_handler.hpp>

#include "support/running_server.hpp"

#include <boost/asio/read.hpp>
#include <doctest/doctest.h>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

using crier::test::client;
using crier::test::eventually;
using crier::test::lines;
using crier::test::running_server;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int topics = 64;
constexpr int crowd = 2'000;

/// A pipe by which a process tells another to go on.
class turnstile {
public:
    turnstile() { REQUIRE(::pipe(ends_.data()) == 0); }
    turnstile(const turnstile&) = delete;
    turnstile& operator=(const turnstile&) = delete;
    ~turnstile() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }

    bool open() const noexcept { return ::write(ends_[1], "x", 1) == 1; }
    bool pass() const noexcept {
        char one = 0;
        return ::read(ends_[0], &one, 1) == 1;
    }

private:
    std::array<int, 2> ends_{};
};

std::string stream_request(int number) {
    std::string text = "GET /?";
    for (int i = 0; i < topics; ++i) {
        text += "topic=" + std::to_string(number) + "-" + std::to_string(i) + "&";
    }
    return text + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

/// Connects the crowd, asks for a stream on each connection, and leaves when it is told to. Tells
/// whether all got one.
bool be_crowd(const tcp::endpoint& server, const turnstile& is_there, const turnstile& leave) {
    asio::io_context io;
    std::vector<std::unique_ptr<tcp::socket>> all;
    for (int i = 0; i < crowd; ++i) {
        boost::system::error_code refused;
        auto& one = *all.emplace_back(std::make_unique<tcp::socket>(io));
        one.connect(server, refused);
        asio::write(one, asio::buffer(stream_request(i)), refused);
    }
    bool all_are_served = true;
    for (const auto& each : all) {
        boost::system::error_code closed;
        std::string status(12, ' ');
        asio::read(*each, asio::buffer(status), closed);
        all_are_served = all_are_served && status == "HTTP/1.1 200";
    }
    is_there.open();
    leave.pass();
    return all_are_served;
}

/// While it lives, the process gets so much more memory than it has now, and no more.
class memory_limit {
public:
    explicit memory_limit(std::size_t more) {
        std::size_t pages = 0;
        std::ifstream{"/proc/self/statm"} >> pages;
        ::getrlimit(RLIMIT_AS, &before_);
        const rlimit tight{
            pages * static_cast<std::size_t>(::getpagesize()) + more, before_.rlim_max};
        ::setrlimit(RLIMIT_AS, &tight);
    }
    memory_limit(const memory_limit&) = delete;
    memory_limit& operator=(const memory_limit&) = delete;
    ~memory_limit() { ::setrlimit(RLIMIT_AS, &before_); }

private:
    rlimit before_{};
};

void allow_descriptors(rlim_t count) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min(files.rlim_max, std::max(files.rlim_cur, count));
    ::setrlimit(RLIMIT_NOFILE, &files);
}

/// What ends while there is no memory.
enum class ending { of_crowd, of_server };

/// A server without memory for the crowd: it lives, and recovers when the crowd has gone, or ends
/// while it is there. Returns whether all of them were served.
bool run_short_of_memory(std::size_t megabytes, ending first) {
    CAPTURE(megabytes);
    // A thread's own heap would have 64 MB of addresses from its beginning on, and grow in them.
    ::mallopt(M_ARENA_MAX, 1);
    const turnstile come;
    const turnstile is_there;
    const turnstile leave;
    // It listens from here on; nothing runs yet, so the process may be forked.
    crier::server server{{.port = 0, .log = [](crier::severity, std::string_view) {}}};
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // NOLINT(*-vararg)
        come.pass();
        ::_exit(be_crowd(server.local_endpoint(), is_there, leave) ? 1 : 0);
    }
    crier::manager events{server.get_executor(), {.log = [](crier::severity, std::string_view) {}}};
    server.on_shutdown([&events] { events.shutdown(); });
    int ended = 0;
    std::thread running{[&] { server.run(crier::stream_handler(events)); }};
    {
        const memory_limit tight{megabytes << 20U};
        come.open();
        is_there.pass();
        for (int i = 0; i < 200; ++i) {
            try {
                static_cast<void>(events.publish("1-1", std::string(1000, 'x')));
            } catch (const std::bad_alloc&) {
                std::this_thread::yield();
            }
        }
        if (first == ending::of_server) {
            server.shutdown();
            running.join();
        }
        leave.open();
        ::waitpid(child, &ended, 0);
        while (first == ending::of_crowd && server.connections() > 0) {
            std::this_thread::yield();
        }
    }
    REQUIRE(WIFEXITED(ended));
    if (first == ending::of_server) {
        return WEXITSTATUS(ended) == 1;
    }
    CHECK(eventually([&] { return events.stats().subscribers == 0; }));
    CHECK(eventually([&] { return events.stats().topics.empty(); }));
    {
        client late{server.local_endpoint().port()};
        late.send(stream_request(0));
        CHECK(eventually([&] { return events.stats().subscribers == 1; }));
        CHECK(events.publish("0-7", "here").has_value());
        CHECK(late.read_until("here").starts_with("HTTP/1.1 200"));
    }
    CHECK(eventually([&] { return server.connections() == 0; }));
    server.shutdown();
    running.join();
    return WEXITSTATUS(ended) == 1;
}

asio::awaitable<void> answer(crier::exchange& request) {
    return request.respond(boost::beast::http::status::ok, "ok");
}

} // namespace

TEST_CASE("a server that runs out of memory lives, and recovers when its clients have gone") {
    allow_descriptors(crowd + 100);
    for (const std::size_t megabytes : {4U, 8U, 16U}) {
        CHECK_FALSE(run_short_of_memory(megabytes, ending::of_crowd));
    }
}

TEST_CASE("a server that has run out of memory ends while its clients are there") {
    allow_descriptors(crowd + 100);
    CHECK_FALSE(run_short_of_memory(12, ending::of_server));
}

TEST_CASE("out of descriptors, accepting backs off and goes on when there are some again") {
    lines logged;
    crier::server_options options;
    options.log = logged.logger();
    const running_server running{answer, options};
    client peer = running.connect();
    peer.get("/");
    CHECK(peer.read_until("\r\n\r\nok").starts_with("HTTP/1.1 200 "));
    client waiting;
    waiting.socket.open(asio::ip::tcp::v4());
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    rlimit none = limit;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
    waiting.socket.connect(running.server.local_endpoint());
    const bool told = eventually([&] { return logged.contain("cannot accept"); });
    ::setrlimit(RLIMIT_NOFILE, &limit);
    CHECK(told);
    waiting.get("/");
    CHECK(waiting.read_until("\r\n\r\nok").starts_with("HTTP/1.1 200 "));
}
