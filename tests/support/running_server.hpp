#pragma once

#include <crier/http/server.hpp>

#include "support/loopback.hpp"

#include <chrono>
#include <thread>

namespace crier::test {

/// A server on a free port that runs until the end of its scope.
class running_server {
public:
    explicit running_server(crier::server::handler handle, server_options options = {})
        : server{on_free_port(std::move(options))},
          thread_{[this, handle = std::move(handle)] { server.run(handle); }} {}
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
