#pragma once

#include "common/descriptor.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

namespace bench::load {

/// A server for one test: it waits for so many requests, then does as told, in its own thread.
class test_server {
public:
    struct connection {
        descriptor socket;
        unsigned topic = 0;

        /// Whether it took it.
        bool send(std::string_view text) const;

        /// Until the client has left.
        void wait_for_end() const;
    };

    using task = std::function<void(const std::vector<connection>&)>;

    /// `reads_requests`: else that is left to the task.
    test_server(unsigned connections, task serve, bool reads_requests = true);
    test_server(const test_server&) = delete;
    test_server& operator=(const test_server&) = delete;
    ~test_server();

    std::uint16_t port() const;

private:
    void run(unsigned connections, const task& serve, bool reads_requests) const;

    descriptor listening_;
    std::thread thread_;
};

} // namespace bench::load
