#pragma once

#include <crier/http/server.hpp>

#include "support/loopback.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace crier::test {

/// A server with a manager, on a free port, that runs until the end of its scope. Without a handler
/// each request is answered with a stream of the manager.
class running_server {
public:
    explicit running_server(server_options options = {})
        : running_server{nullptr, std::move(options)} {}

    explicit running_server(crier::server::handler handle, server_options options = {})
        : server{as_tests_need(std::move(options))} {
        if (!handle) {
            handle = [this](exchange& request) -> boost::asio::awaitable<void> {
                co_await request.stream(events);
            };
        }
        server.on_shutdown([this] { events.shutdown(); });
        thread_ = std::thread{[this, handle] { server.run(handle); }};
    }
    running_server(const running_server&) = delete;
    running_server& operator=(const running_server&) = delete;
    ~running_server() { stop(); }

    client connect() const { return client{server.local_endpoint().port()}; }

    /// Shuts down and waits for the end.
    void stop(std::chrono::milliseconds deadline = std::chrono::milliseconds{100}) {
        server.shutdown(deadline);
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    crier::server server;
    manager events{server.get_executor()};

private:
    /// On a free port, and without the usual time limits: a machine that stands still for some
    /// seconds would fail tests that are not about time.
    static server_options as_tests_need(server_options options) {
        const server_options usual;
        for (const auto limit :
            {&server_options::header_timeout, &server_options::response_timeout}) {
            if (options.*limit == usual.*limit) {
                options.*limit = std::chrono::milliseconds::max();
            }
        }
        options.port = 0;
        return options;
    }

    std::thread thread_;
};

/// Waits for what another thread brings about; false when it does not.
template <class Condition>
bool eventually(Condition condition) {
    const auto longest = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > longest) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

/// Counts those that are in a scope.
class counted {
public:
    explicit counted(std::atomic<int>& in) : count_{in} { ++count_; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --count_; }

private:
    std::atomic<int>& count_;
};

/// What a server logs, from whatever thread.
class lines {
public:
    crier::logger logger() {
        return [this](crier::severity, std::string_view line) {
            const std::lock_guard lock{mutex_};
            lines_.emplace_back(line);
        };
    }

    bool contain(std::string_view text) {
        const std::lock_guard lock{mutex_};
        return std::ranges::any_of(
            lines_, [&](const std::string& line) { return line.find(text) != line.npos; });
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

} // namespace crier::test
