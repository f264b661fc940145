#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>

namespace crier::model {

/// What lies between a hub and its engine: it forwards bytes, until it is held or cut.
class link {
public:
    explicit link(std::uint16_t to);
    link(const link&) = delete;
    link& operator=(const link&) = delete;
    ~link();

    /// Where the hub connects to.
    std::uint16_t port() const noexcept { return port_; }
    /// Forwards nothing more, either way, as long as it is held. Nobody is told of it.
    void hold(bool is_held) noexcept { is_held_ = is_held; }
    /// Ends all connections.
    void cut();

private:
    using tcp = boost::asio::ip::tcp;
    struct pair;

    boost::asio::awaitable<void> listen();
    boost::asio::awaitable<void> join(std::shared_ptr<pair> both);
    boost::asio::awaitable<void> forward(std::shared_ptr<pair> both, bool is_answer);
    boost::asio::awaitable<void> wait_while_held();

    boost::asio::io_context io_{1};
    tcp::acceptor listening_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
    const tcp::endpoint to_;
    const std::uint16_t port_ = listening_.local_endpoint().port();
    std::atomic<bool> is_held_{false};
    std::set<std::shared_ptr<pair>> pairs_;
    std::thread running_;
};

} // namespace crier::model
