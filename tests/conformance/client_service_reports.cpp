#include "client_service_reports.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace crier::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

detail::http_url base_url(const std::string& text) {
    auto url = detail::parse_url(text);
    if (!url || url->secure) {
        throw std::invalid_argument{"callbackUrl is no http URL: \"" + text + '"'};
    }
    if (url->target.ends_with('/')) {
        url->target.pop_back();
    }
    return std::move(*url);
}

} // namespace

reports::reports(const asio::any_io_executor& executor, const std::string& url)
    : resolver_{executor}, to_{base_url(url)} {}

void reports::send(const boost::json::object& report) {
    if (stopped_) {
        return;
    }
    waiting_.push_back(boost::json::serialize(report));
    if (!std::exchange(delivering_, true)) {
        asio::co_spawn(resolver_.get_executor(), deliver(shared_from_this()), asio::detached);
    }
}

void reports::stop() {
    stopped_ = true;
    waiting_.clear();
    resolver_.cancel();
    if (stream_) {
        stream_->close();
    }
}

asio::awaitable<void> reports::deliver(std::shared_ptr<reports> self) {
    while (!self->waiting_.empty()) {
        const std::string body = std::move(self->waiting_.front());
        self->waiting_.pop_front();
        const std::string target = self->to_.target + '/' + std::to_string(++self->last_number_);
        try {
            co_await self->post(target, body);
        } catch (const boost::system::system_error& error) {
            if (!self->stopped_) {
                std::cerr << "POST " << target << ": " << error.what() << '\n';
            }
        }
    }
    self->delivering_ = false;
}

asio::awaitable<void> reports::post(const std::string& target, const std::string& body) {
    constexpr std::chrono::seconds longest{30};
    http::request<http::string_body> request{http::verb::post, target, 11, body};
    request.set(http::field::host, to_.authority);
    request.set(http::field::content_type, "application/json");
    request.keep_alive(false);
    request.prepare_payload();
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;

    const std::string port = std::to_string(to_.port);
    const tcp::resolver::results_type found =
        co_await resolver_.async_resolve(to_.host, port, asio::use_awaitable);
    stream_.emplace(resolver_.get_executor());
    stream_->expires_after(longest);
    co_await stream_->async_connect(found, asio::use_awaitable);
    co_await http::async_write(*stream_, request, asio::use_awaitable);
    co_await http::async_read(*stream_, buffer, response, asio::use_awaitable);
    stream_.reset();
}

} // namespace crier::test
