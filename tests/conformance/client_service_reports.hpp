#pragma once

#include "client/url.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/json/object.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace crier::test {

/// Posts what a client has to tell to a URL and a number, which counts from 1: one after the other,
/// in order.
class reports : public std::enable_shared_from_this<reports> {
public:
    /// Errors: throws `std::invalid_argument` on a URL that is not `http`.
    reports(const boost::asio::any_io_executor& executor, const std::string& url);

    void send(const boost::json::object& report);

    /// Drops what is not sent yet, and whatever comes.
    void stop();

private:
    static boost::asio::awaitable<void> deliver(std::shared_ptr<reports> self);
    boost::asio::awaitable<void> post(const std::string& target, const std::string& body);

    boost::asio::ip::tcp::resolver resolver_;
    std::optional<boost::beast::tcp_stream> stream_;
    detail::http_url to_;
    std::deque<std::string> waiting_;
    unsigned last_number_ = 0;
    bool delivering_ = false;
    bool stopped_ = false;
};

} // namespace crier::test
