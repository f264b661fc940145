#include "stream_opener.hpp"

#include "ending.hpp"
#include "verdict.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

using boost::system::error_code;

constexpr unsigned proxy_authentication_required = 407;

/// What led to the end of the redirects.
std::string in_words(const response_head& head) {
    return std::to_string(head.status) + ' ' + head.reason +
           (head.location.empty() ? " without a Location" : " to " + head.location);
}

} // namespace

stream_opener::stream_opener(http_url url, const event_source_options& options)
    : options_{options}, routes_{options}, request_{std::move(url), options}, tls_{options.tls} {
    if (request_.url().secure) {
        tls_.context(); // which may be refused
    }
}

flow<opened_stream> stream_opener::open(std::string_view last_event_id) {
    request asked = request_;
    while (true) {
        const route way = routes_.to(asked.url());
        std::unique_ptr<connection> made =
            co_await connection::open(asked.url(), way, options_, tls_);
        const response_head head =
            co_await made->ask(asked.text(last_event_id, way), options_.header_timeout);
        if (way.through && head.status == proxy_authentication_required) {
            throw failure{refusal_of(*way.through, head)};
        }
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

} // namespace crier::detail
