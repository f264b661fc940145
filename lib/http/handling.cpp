#include "handling.hpp"

#include <crier/async/clock.hpp>
#include <crier/wire/errc.hpp>

#include "exchange_access.hpp"
#include "pubsub/log_failure.hpp"
#include "whole_response.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/status.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// The answer as the program has it. None: its function has failed.
std::optional<exchange::response_type> shaped(
    const refused_request& refused, const server_options& options) {
    constexpr unsigned version = 11;
    exchange::response_type answer = refusal_message(refused.why, refused.style.as_json, version);
    try {
        options.on_refusal(refused.why, answer);
        return answer;
    } catch (...) {
        log_failure(options.log, "on_refusal failed: ", std::current_exception());
        return std::nullopt;
    }
}

/// Tells the access log of a request, if there is one, when it has been served.
class access_note {
public:
    /// What is known is noted now: a detached stream takes the connection over.
    access_note(const responder& to, const exchange* request, const server_options& options)
        : options_{options} {
        if (!options.access_log) {
            return;
        }
        begun_ = clock::now();
        record_.peer = to.peer();
        record_.tls = to.tls();
        if (request != nullptr) {
            record_.method = request->request().method_string();
            record_.target = request->request().target();
            record_.protocol = request->protocol();
        }
        status_ = std::make_shared<unsigned>(0);
    }
    access_note(const access_note&) = delete;
    access_note& operator=(const access_note&) = delete;
    ~access_note() {
        if (!status_) {
            return;
        }
        try {
            record_.status = *status_;
            record_.took =
                std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begun_);
            options_.access_log(record_);
        } catch (...) {
            log_failure(options_.log, "the access log failed: ", std::current_exception());
        }
    }

    /// None: there is no log.
    const std::shared_ptr<unsigned>& status() const noexcept { return status_; }

private:
    const server_options& options_;
    access_record record_;
    clock::time_point begun_;
    std::shared_ptr<unsigned> status_;
};

} // namespace

void log_unless_gone(
    const logger& log, std::string_view what, const std::exception_ptr& thrown) noexcept {
    try {
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    } catch (const boost::system::system_error&) {
        return;
    } catch (...) {
        log_failure(log, what, thrown);
    }
}

asio::awaitable<void> send_refusal(
    responder& to, refused_request refused, const server_options& options) {
    std::optional<exchange::response_type> answer;
    if (options.on_refusal) {
        answer = shaped(refused, options);
    }
    std::string response;
    if (answer) {
        response = complete(*answer, false, refused.style.head_only);
        response += answer->body();
    } else {
        response = refusal_response(refused.why, refused.style);
    }
    const access_note at_end{to, nullptr, options};
    if (at_end.status()) {
        *at_end.status() = status_of(response);
    }
    co_await to.send(options.response_timeout, response, {});
}

bool is_end_of_connection(const error_code& error) {
    return error == errc::client_left || error == errc::stalled || error == errc::no_stream ||
           error == asio::error::operation_aborted || error == asio::error::broken_pipe ||
           error == asio::error::connection_reset;
}

asio::awaitable<bool> handle_request(
    responder& to, std::unique_ptr<received> request, request_context& context) {
    exchange handled = exchange_access::make(
        to, std::move(request), context.options.response_timeout, context.shutdown);
    const access_note at_end{to, &handled, context.options};
    exchange_access::note_status(handled, at_end.status());
    std::exception_ptr problem;
    bool ending = false;
    try {
        asio::awaitable<void> handling = context.handle(handled);
        co_await std::move(handling);
    } catch (const boost::system::system_error& error) {
        if (is_end_of_connection(error.code())) {
            co_return false;
        }
        ending = error.code() == errc::shut_down;
        problem = std::current_exception();
    } catch (...) {
        problem = std::current_exception();
    }
    if (problem && !ending) {
        log_failure(context.options.log, "handler failed: ", problem);
    }
    if (!handled.is_answered()) {
        asio::awaitable<void> responding =
            !problem ? handled.refuse(http::status::not_found, "not found")
            : ending ? handled.refuse(http::status::service_unavailable, "shutting down")
                     : handled.refuse(http::status::internal_server_error, "internal error");
        co_await std::move(responding);
    }
    if (detached_order* const ordered = exchange_access::detached(handled);
        ordered != nullptr && !problem) {
        try {
            const bool is_handed_over = to.detach(context.streams, std::move(*ordered));
            context.is_handed_over = context.is_handed_over || is_handed_over;
        } catch (...) {
            log_failure(context.options.log, "a stream failed: ", std::current_exception());
        }
    }
    co_return !problem && handled.keeps_alive();
}

} // namespace crier::detail
