#pragma once

#include <crier/client/options.hpp>

#include "connection.hpp"
#include "flow.hpp"
#include "request.hpp"
#include "route.hpp"
#include "tls_client.hpp"

#include <memory>
#include <string_view>

namespace crier::detail {

struct opened_stream {
    std::unique_ptr<connection> from;
    http_url url; ///< after redirects
};

/// The way to a stream: connects, asks, follows redirects, and judges what comes.
class stream_opener {
public:
    /// Errors: throws as the constructor of `event_source`.
    /// Lifetime: the options must outlive it.
    stream_opener(http_url url, const event_source_options& options);

    /// Errors: throws `failure` or another `system_error` where there is no stream.
    flow<opened_stream> open(std::string_view last_event_id);

private:
    const event_source_options& options_;
    const routes routes_;
    request request_;
    tls_client tls_;
};

} // namespace crier::detail
