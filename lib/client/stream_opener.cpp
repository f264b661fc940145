#include "stream_opener.hpp"

#include "ending.hpp"
#include "verdict.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

/// What led to the end of the redirects.
std::string in_words(const response_head& head) {
    return std::to_string(head.status) + ' ' + head.reason +
           (head.location.empty() ? " without a Location" : " to " + head.location);
}

} // namespace

stream_opener::stream_opener(http_url url, const event_source_options& options)
    : options_{options}, request_{std::move(url), options} {
    tls_for(request_.url());
}

flow<opened_stream> stream_opener::open(std::string_view last_event_id) {
    request asked = request_;
    while (true) {
        const std::shared_ptr<ssl::context> tls = tls_for(asked.url());
        std::unique_ptr<connection> made = co_await connection::open(asked.url(), options_, tls);
        const response_head head =
            co_await made->ask(asked.text(last_event_id), options_.header_timeout);
        const verdict got = judge(head, options_.retry_server_errors);
        switch (got.is) {
        case verdict::meaning::stream: co_return opened_stream{std::move(made), asked.url()};
        case verdict::meaning::redirect:
            if (const error_code error = asked.follow(head)) {
                throw failure{{error, error.message() + ": " + in_words(head), true}};
            }
            break;
        case verdict::meaning::retry:
            throw failure{{got.error, got.message, false,
                parse_retry_after(head.retry_after, std::chrono::system_clock::now())}};
        case verdict::meaning::end: throw failure{{got.error, got.message, true}};
        }
    }
}

std::shared_ptr<ssl::context> stream_opener::tls_for(const http_url& url) {
    if (url.secure && !tls_) {
        tls_ = make_tls_context(options_.tls);
    }
    return tls_;
}

} // namespace crier::detail
