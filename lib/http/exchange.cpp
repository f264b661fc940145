#include <crier/http/exchange.hpp>
#include <crier/http/server.hpp>

#include "async/durations.hpp"
#include "cors.hpp"
#include "detached_streams.hpp"
#include "received.hpp"
#include "send.hpp"
#include "serve.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/serializer.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

namespace crier {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

std::unique_ptr<const detail::received> foreign(exchange::request_type request) {
    detail::asked read = detail::ask_foreign(head_of(request));
    return std::make_unique<const detail::received>(
        detail::received{std::move(read), std::move(request)});
}

std::string head_of_response(exchange::response_type& response) {
    http::response_serializer<exchange::response_type::body_type> serializer{response};
    serializer.split(true);
    std::string head;
    boost::system::error_code error;
    while (!serializer.is_header_done() && !error) {
        serializer.next(error, [&](boost::system::error_code& /*error*/, const auto& buffers) {
            head += boost::beast::buffers_to_string(buffers);
            serializer.consume(boost::beast::buffer_bytes(buffers));
        });
    }
    return head;
}

} // namespace

exchange::exchange(asio::generic::stream_protocol::socket& socket, request_type request,
    std::chrono::milliseconds response_timeout)
    : exchange{socket, foreign(std::move(request)),
          detail::in_range(response_timeout, server_options{}.response_timeout)} {}

exchange::exchange(asio::generic::stream_protocol::socket& socket,
    std::unique_ptr<const detail::received> request, std::chrono::milliseconds response_timeout)
    : socket_{socket}, received_{std::move(request)}, response_timeout_{response_timeout} {}

exchange::~exchange() = default;

const exchange::request_type& exchange::request() const noexcept { return received_->message; }

std::string_view exchange::path() const noexcept { return received_->read.path; }

std::string_view exchange::query() const noexcept { return received_->read.query; }

asio::awaitable<bool> exchange::allow_origins(const cors_options& cors) {
    check_options(cors);
    detail::permission pages = permit(cors, received_->read);
    if (!pages.is_preflight) {
        cors_fields_ = std::move(pages.fields);
        co_return false;
    }
    response_type response{http::status::no_content, request().version()};
    if (pages.refused) {
        response.result(pages.refused->status);
        response.set(http::field::content_type, "text/plain; charset=utf-8");
        response.set("X-Content-Type-Options", "nosniff");
        response.body().append(pages.refused->reason).append("\n");
    }
    set_fields(response, pages.fields);
    asio::awaitable<void> responding = respond(std::move(response));
    co_await std::move(responding);
    co_return true;
}

asio::awaitable<void> exchange::respond(response_type response) {
    begin_answer();
    const bool keeps_alive = request().keep_alive() && response.keep_alive();
    response.keep_alive(keeps_alive);
    response.prepare_payload();
    if (response.result() == http::status::no_content) {
        response.erase(http::field::content_length); // RFC 9110, section 8.6
    }
    set_fields(response, cors_fields_);
    if (received_->read.head_only) {
        response.body().clear();
    }
    const std::string head = head_of_response(response);
    const boost::system::error_code error =
        co_await detail::send(socket_, response_timeout_, head, response.body());
    if (error) {
        throw boost::system::system_error{error};
    }
    keeps_alive_ = keeps_alive;
}

asio::awaitable<void> exchange::respond(
    http::status status, std::string body, std::string_view content_type) {
    response_type response{status, request().version(), std::move(body)};
    response.set(http::field::content_type, content_type);
    response.set("X-Content-Type-Options", "nosniff");
    return respond(std::move(response));
}

asio::awaitable<void> exchange::respond(http::status status) {
    return respond(status, std::string{});
}

void exchange::begin_answer() {
    if (std::exchange(answered_, true)) {
        throw std::logic_error{"the request was answered already"};
    }
    keeps_alive_ = false;
}

detail::decision exchange::begin_stream(manager& events, serve_options checked) {
    begin_answer();
    return decide(received_->read, std::move(checked),
        detail::manager_access::state_of(events)->options(), cors_fields_);
}

asio::awaitable<end_reason> exchange::stream(manager& events) {
    return stream(events, serve_options{});
}

// Options that make no sense leave the request unanswered, and so answered with 500.
asio::awaitable<end_reason> exchange::stream(manager& events, serve_options options) {
    check_options(options);
    return serve(
        begin_stream(events, std::move(options)),
        [&socket = socket_](
            const asio::any_io_executor& executor) { return make_sink(socket, executor); },
        detail::manager_access::state_of(events));
}

void exchange::detach_stream(manager& events, serve_options options) {
    check_options(options);
    detach(events, std::move(options));
}

void exchange::detach(manager& events, serve_options checked) {
    detail::decision decided = begin_stream(events, std::move(checked));
    detached_ = std::make_shared<detail::detached_order>(
        detail::detached_order{detail::manager_access::state_of(events), std::move(decided)});
}

stream_writer exchange::writer() { return writer(writer_options{}); }

stream_writer exchange::writer(const writer_options& options) {
    begin_answer();
    writer_options with = options;
    std::ranges::copy(cors_fields_, std::back_inserter(with.fields));
    return stream_writer{socket_, request().version(), socket_.get_executor(), with};
}

} // namespace crier
