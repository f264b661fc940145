#pragma once

#include <crier/pubsub/clock.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <memory>

namespace crier::detail {

/// Cancels what the socket does when the time is over, but not what it does after.
class time_limit {
public:
    time_limit(boost::asio::ip::tcp::socket& socket, clock::duration longest)
        : target_{std::make_shared<boost::asio::ip::tcp::socket*>(&socket)},
          timer_{socket.get_executor(), longest} {
        timer_.async_wait([target = std::weak_ptr<boost::asio::ip::tcp::socket*>{target_}](
                              boost::system::error_code error) {
            const auto still = error ? nullptr : target.lock();
            if (still) {
                boost::system::error_code ignored;
                (*still)->cancel(ignored);
            }
        });
    }

private:
    std::shared_ptr<boost::asio::ip::tcp::socket*> target_;
    timer timer_;
};

} // namespace crier::detail
