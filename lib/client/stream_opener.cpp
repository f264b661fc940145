#include "stream_opener.hpp"

#include <crier/async/clock.hpp>

#include "async/what.hpp"
#include "callback.hpp"
#include "ending.hpp"
#include "response_fields.hpp"
#include "run_theirs.hpp"
#include "verdict.hpp"
#include "wire/printable.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

using boost::system::error_code;
using std::chrono::system_clock;

constexpr unsigned proxy_authentication_required = 407;

/// What led to the end of the redirects.
std::string in_words(const response_info& head) {
    const std::string location = list_of(head, "Location");
    return status_of(head) +
           (location.empty() ? " without a Location" : " to " + printable(location));
}

/// How long the body of an error is waited for.
clock::duration time_for_error(clock::time_point deadline) {
    constexpr clock::duration longest = std::chrono::seconds{5};
    return std::clamp(deadline - clock::now(), clock::duration{0}, longest);
}

} // namespace

stream_opener::stream_opener(
    std::string_view url, const event_source_options& options, observer observe)
    : options_{options},
      observe_{std::move(observe)},
      routes_{options},
      request_{options.method, {std::string{url}, options.headers, options.body}},
      tls_{options.tls} {
    // What the first connection would be refused for.
    try {
        routes_.to(request_.url());
    } catch (const failure& error) {
        throw std::invalid_argument{error.why.message};
    }
    if (request_.url().secure) {
        tls_.context();
    }
}

flow<opened_stream> stream_opener::open(std::string_view last_event_id) {
    constexpr std::size_t most_of_error = 4'096;
    has_asked_ = false;
    request asked = co_await next_request();
    while (true) {
        const route way = routes_.to(asked.url());
        std::unique_ptr<connection> made =
            co_await connection::open(asked.url(), way, options_, tls_);
        const clock::time_point deadline = clock::now() + options_.header_timeout;
        const std::shared_ptr<response_info> head = co_await ask(*made, asked, way, last_event_id);
        if (way.through && head->status == proxy_authentication_required) {
            throw failure{refusal_of(*way.through, *head)};
        }
        verdict got = judge(*head, options_.standard_errors);
        if (got.is == verdict::meaning::stream) {
            co_return opened_stream{std::move(made), head};
        }
        if (got.is == verdict::meaning::redirect) {
            const error_code error = asked.follow(*head);
            if (!error) {
                continue;
            }
            got = {verdict::meaning::end, error, error.message() + ": " + in_words(*head)};
        }
        head->body = co_await made->read_start(most_of_error, time_for_error(deadline));
        const bool for_good = got.is == verdict::meaning::end;
        throw failure{
            {got.error, got.message, for_good ? change_kind::refused : change_kind::retrying,
                retry_after_of(*head, system_clock::now()), head}};
    }
}

/// What the caller's own code fails at is a failure of the attempt.
flow<request> stream_opener::next_request() const {
    if (!options_.on_connect) {
        co_return request_;
    }
    stream_request next = request_.parts();
    std::exception_ptr thrown;
    try {
        boost::asio::awaitable<void> theirs = options_.on_connect(next);
        if (theirs.valid()) {
            flow<void> running = run_theirs(std::move(theirs));
            co_await std::move(running);
        }
        request made{options_.method, std::move(next)};
        co_return made;
    } catch (...) {
        thrown = std::current_exception();
    }
    throw failure{{code_of(thrown), "on_connect: " + what(thrown)}};
}

flow<std::shared_ptr<response_info>> stream_opener::ask(
    connection& on, const request& asked, const route& way, std::string_view last_event_id) {
    const std::string cookies =
        cookies_.for_request(asked.url(), floor<std::chrono::seconds>(system_clock::now()));
    has_asked_ = true;
    response_info head =
        co_await on.ask(asked.text(last_event_id, cookies, way), options_.header_timeout);
    head.url = asked.url().text();
    if (options_.keep_cookies) {
        keep_cookies(asked.url(), head);
    }
    observe_(head);
    co_return std::make_shared<response_info>(std::move(head));
}

void stream_opener::keep_cookies(const http_url& of, const response_info& head) {
    const auto now = floor<std::chrono::seconds>(system_clock::now());
    for (const std::string_view cookie : values_of(head, "Set-Cookie")) {
        cookies_.take(of, cookie, now);
    }
}

} // namespace crier::detail
