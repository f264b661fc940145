#pragma once

#include <crier/client/options.hpp>

#include "connection.hpp"
#include "cookie_jar.hpp"
#include "flow.hpp"
#include "request.hpp"
#include "route.hpp"
#include "tls_client.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace crier::detail {

struct opened_stream {
    std::unique_ptr<connection> from;
    std::shared_ptr<const response_info> response;
};

/// The way to a stream: connects, asks, follows redirects, and judges what comes.
class stream_opener {
public:
    using observer = std::function<void(const response_info&)>;

    /// Calls the observer with the header of each response.
    ///
    /// Errors: throws as the constructor of `event_source`.
    /// Lifetime: the options must outlive it.
    stream_opener(std::string_view url, const event_source_options& options, observer observe);

    /// Errors: throws `failure` or another `system_error` where there is no stream, and what the
    /// observer throws.
    flow<opened_stream> open(std::string_view last_event_id);

    /// Whether the last attempt has sent a request, be it in part.
    bool has_asked() const noexcept { return has_asked_; }

private:
    flow<request> next_request() const;
    flow<std::shared_ptr<response_info>> ask(
        connection& on, const request& asked, const route& way, std::string_view last_event_id);
    void keep_cookies(const http_url& of, const response_info& head);

    const event_source_options& options_;
    const observer observe_;
    const routes routes_;
    const request request_;
    tls_client tls_;
    cookie_jar cookies_;
    bool has_asked_ = false;
};

} // namespace crier::detail
