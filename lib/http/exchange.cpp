#include <crier/http/exchange.hpp>
#include <crier/http/server.hpp>

#include "async/durations.hpp"
#include "connection_responder.hpp"
#include "cors.hpp"
#include "detached_streams.hpp"
#include "pubsub/heartbeat.hpp"
#include "received.hpp"
#include "serve.hpp"
#include "while_connected.hpp"
#include "whole_response.hpp"
#include "wire/field_text.hpp"

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

/// For the socket of another server.
class socket_responder final : private detail::connection_stream,
                               public detail::connection_responder {
public:
    explicit socket_responder(exchange::socket_type& socket) noexcept
        : connection_stream{socket},
          connection_responder{static_cast<detail::connection_stream&>(*this)} {}
};

bool is_among(std::string_view list, std::string_view wanted) {
    return detail::any_in(list, [wanted](std::string_view each) { return each == wanted; });
}

} // namespace

exchange::exchange(
    socket_type& socket, request_type request, std::chrono::milliseconds response_timeout)
    : own_{std::make_unique<socket_responder>(socket)},
      to_{*own_},
      received_{foreign(std::move(request))},
      response_timeout_{detail::in_range(response_timeout, server_options{}.response_timeout)} {}

exchange::exchange(detail::responder& to, std::unique_ptr<const detail::received> request,
    std::chrono::milliseconds response_timeout, std::stop_token shutdown)
    : to_{to},
      received_{std::move(request)},
      response_timeout_{response_timeout},
      shutdown_{std::move(shutdown)} {}

exchange::~exchange() = default;

asio::any_io_executor exchange::get_executor() const { return to_.get_executor(); }

std::string exchange::peer() const { return to_.peer(); }

std::optional<tls_state> exchange::tls() const { return to_.tls(); }

std::string_view exchange::protocol() const noexcept {
    const unsigned version = request().version();
    return version == 20 ? "HTTP/2" : version == 10 ? "HTTP/1.0" : "HTTP/1.1";
}

exchange::socket_type& exchange::socket() {
    socket_type& used = to_.socket();
    answered_ = true;
    keeps_alive_ = false;
    return used;
}

const exchange::request_type& exchange::request() const noexcept { return received_->message; }

std::string_view exchange::path() const noexcept { return received_->read.path; }

std::string_view exchange::query() const noexcept { return received_->read.query; }

asio::awaitable<bool> exchange::allow_origins(const cors_options& cors) {
    check_options(cors);
    detail::permission pages = permit(cors, received_->read);
    cors_fields_ = std::move(pages.fields);
    if (!pages.is_preflight) {
        co_return false;
    }
    asio::awaitable<void> responding =
        pages.refused
            ? refuse(static_cast<http::status>(pages.refused->status), pages.refused->reason)
            : respond(response_type{http::status::no_content, request().version()});
    co_await std::move(responding);
    co_return true;
}

asio::awaitable<bool> exchange::allow_methods(std::string methods) {
    const std::string_view asked = request().method_string();
    if (is_among(methods, asked) || (asked == "HEAD" && is_among(methods, "GET"))) {
        co_return false;
    }
    const bool asks_for_methods = asked == "OPTIONS";
    response_type response =
        asks_for_methods
            ? response_type{http::status::no_content, request().version()}
            : refusing(http::status::method_not_allowed, "this resource has no such method");
    if (is_among(methods, "GET") && !is_among(methods, "HEAD")) {
        methods += ", HEAD";
    }
    response.set(http::field::allow, methods);
    asio::awaitable<void> responding = respond(std::move(response));
    co_await std::move(responding);
    co_return true;
}

asio::awaitable<void> exchange::refuse(http::status status, std::string_view reason) {
    return respond(refusing(status, reason));
}

exchange::response_type exchange::refusing(http::status status, std::string_view reason) const {
    return detail::refusal_message({static_cast<unsigned>(status), reason},
        received_->read.style.as_json, request().version());
}

asio::awaitable<void> exchange::respond(response_type response) {
    begin_answer();
    note_status(response.result_int());
    const bool keeps_alive = request().keep_alive() && response.keep_alive();
    set_fields(response, cors_fields_);
    const std::string head =
        detail::complete(response, keeps_alive, received_->read.style.head_only);
    const boost::system::error_code error =
        co_await to_.send(response_timeout_, head, response.body());
    if (error) {
        throw boost::system::system_error{error};
    }
    keeps_alive_ = keeps_alive;
}

asio::awaitable<void> exchange::respond(
    http::status status, std::string body, std::string_view content_type) {
    response_type response{status, request().version(), std::move(body)};
    if (detail::has_body(status)) {
        response.set(http::field::content_type, content_type);
        response.set("X-Content-Type-Options", "nosniff");
    }
    return respond(std::move(response));
}

asio::awaitable<void> exchange::respond(http::status status) {
    return respond(status, std::string{});
}

asio::awaitable<void> exchange::run_while_connected(asio::awaitable<void> work) {
    return detail::run_while_connected(to_, std::move(work));
}

void exchange::begin_answer() {
    if (std::exchange(answered_, true)) {
        throw std::logic_error{"the request was answered already"};
    }
    keeps_alive_ = false;
}

void exchange::note_status(unsigned status) noexcept {
    if (status_) {
        *status_ = status;
    }
}

detail::decision exchange::begin_stream(manager& events, serve_options checked) {
    begin_answer();
    detail::decision decided = decide(received_->read, std::move(checked),
        detail::manager_access::state_of(events)->options(), cors_fields_);
    decided.status = status_;
    return decided;
}

asio::awaitable<end_reason> exchange::stream(manager& events) {
    return stream(events, serve_options{});
}

// Options that make no sense leave the request unanswered, and so answered with 500.
asio::awaitable<end_reason> exchange::stream(manager& events, serve_options options) {
    check_options(options);
    return serve(
        begin_stream(events, std::move(options)),
        [&to = to_](const asio::any_io_executor& executor) {
            return to.make_sink(detail::stream_owner::manager, executor);
        },
        detail::manager_access::state_of(events), to_.sink_executor());
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
    detail::check_fields(options.fields);
    static_cast<void>(detail::heartbeat_of(options));
    begin_answer();
    writer_options with = options;
    std::ranges::copy(cors_fields_, std::back_inserter(with.fields));
    std::string instead = options.checks_request ? reply_in_place_of_stream(with.fields) : "";
    note_status(instead.empty() ? 200 : detail::status_of(instead));
    const asio::any_io_executor executor = get_executor();
    return {to_.make_sink(detail::stream_owner::handler, executor), request().version(), executor,
        with, std::move(instead)};
}

/// Empty: the request asks for a stream.
std::string exchange::reply_in_place_of_stream(const response_fields& header) const {
    const detail::asked& read = received_->read;
    const std::optional<detail::reply> refused = detail::reply_to(read, {}, cors_fields_);
    return refused              ? refused->response
         : read.style.head_only ? detail::stream_header(detail::coding_of(read.version), header)
                                : "";
}

} // namespace crier
