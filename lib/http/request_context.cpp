#include "request_context.hpp"

#include "async/durations.hpp"
#include "http2.hpp"
#include "pubsub/log_limit.hpp"

namespace crier::detail {

void check_request_options(server_options& options) {
    const server_options defaults;
    options.header_timeout = in_range(options.header_timeout, defaults.header_timeout);
    options.idle_timeout = in_range(options.idle_timeout, defaults.idle_timeout);
    options.response_timeout = in_range(options.response_timeout, defaults.response_timeout);
    if (options.http2) {
        check_http2(*options.http2);
    }
    options.log = limited(options.log ? options.log : log_to_clog);
}

} // namespace crier::detail
