#include "http/http2.hpp"

#include <stdexcept>

namespace crier {

std::optional<http2_options> http2_if_built() noexcept { return std::nullopt; }

namespace detail {

void check_http2(http2_options& /*options*/) {
    throw std::invalid_argument{
        "this crier is built without HTTP/2: it needs nghttp2, and -Dhttp2=enabled"};
}

boost::asio::awaitable<void> run_http2(http2_transport& /*on*/, request_context& /*context*/,
    std::string /*received*/) { // NOLINT(performance-unnecessary-value-param): as where it is built
    throw std::logic_error{"HTTP/2 is not built in"};
}

} // namespace detail
} // namespace crier
