#include <crier/http/exchange.hpp>

#include "async/time_limit.hpp"
#include "detached_streams.hpp"
#include "target.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace crier {

namespace asio = boost::asio;
namespace http = boost::beast::http;

std::string_view exchange::path() const noexcept {
    return detail::split_target(request_.target()).path;
}

std::string_view exchange::query() const noexcept {
    return detail::split_target(request_.target()).query;
}

asio::awaitable<bool> exchange::allow_origins(const cors_options& cors) {
    check_options(cors);
    const request_head head = head_of(request_);
    if (cors.origins.empty() || !is_preflight(head)) {
        cors_ = cors;
        co_return false;
    }
    response_type response{http::status::no_content, request_.version()};
    if (const auto refused = check_preflight(cors, head)) {
        response.result(refused->status);
        response.set(http::field::content_type, "text/plain; charset=utf-8");
        response.set("X-Content-Type-Options", "nosniff");
        response.body().append(refused->reason).append("\n");
    }
    set_fields(response, preflight_fields(cors, head));
    asio::awaitable<void> responding = respond(std::move(response));
    co_await std::move(responding);
    co_return true;
}

asio::awaitable<void> exchange::respond(response_type response) {
    begin_answer();
    keeps_alive_ = request_.keep_alive() && response.keep_alive();
    response.keep_alive(keeps_alive_);
    response.prepare_payload();
    if (response.result() == http::status::no_content) {
        response.erase(http::field::content_length); // RFC 9110, section 8.6
    }
    set_fields(response, cors_fields(cors_, head_of(request_)));
    if (request_.method() == http::verb::head) {
        response.body().clear();
    }
    const detail::time_limit limit{socket_, response_timeout_};
    co_await http::async_write(socket_, response, asio::use_awaitable);
}

asio::awaitable<void> exchange::respond(
    http::status status, std::string body, std::string_view content_type) {
    response_type response{status, request_.version(), std::move(body)};
    response.set(http::field::content_type, content_type);
    response.set("X-Content-Type-Options", "nosniff");
    return respond(std::move(response));
}

asio::awaitable<void> exchange::respond(http::status status) {
    return respond(status, std::string{});
}

void exchange::begin_answer() {
    if (std::exchange(answered_, true)) {
        throw std::logic_error{"a request is answered once"};
    }
    keeps_alive_ = false;
}

void exchange::begin_stream(serve_options& options) {
    if (options.cors.origins.empty()) {
        options.cors = cors_;
    }
    check_options(options); // here too, so that a mistake is answered with 500
    begin_answer();
}

asio::awaitable<end_reason> exchange::stream(manager& events) {
    return stream(events, serve_options{});
}

asio::awaitable<end_reason> exchange::stream(manager& events, serve_options options) {
    begin_stream(options);
    return serve(socket_, request_, events, std::move(options));
}

void exchange::detach_stream(manager& events, serve_options options) {
    begin_stream(options);
    detached_ = std::make_shared<detail::detached_order>(
        detail::detached_order{detail::manager_access::core_of(events), std::move(options)});
}

stream_writer exchange::writer() { return writer(writer_options{}); }

stream_writer exchange::writer(const writer_options& options) {
    begin_answer();
    writer_options with = options;
    std::ranges::move(cors_fields(cors_, head_of(request_)), std::back_inserter(with.fields));
    return stream_writer{socket_, request_.version(), socket_.get_executor(), with};
}

} // namespace crier
