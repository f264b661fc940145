#pragma once

#include <crier/http/server.hpp>

#include "support/loopback.hpp"

#include <chrono>
#include <thread>

namespace crier::test {

/// A server with a manager, on a free port, that runs until the end of its scope. Without a handler
/// each request is answered with a stream of the manager.
class running_server {
public:
    explicit running_server(server_options options = {})
        : running_server{nullptr, std::move(options)} {}

    explicit running_server(crier::server::handler handle, server_options options = {})
        : server{on_free_port(std::move(options))} {
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
    static server_options on_free_port(server_options options) {
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

} // namespace crier::test
