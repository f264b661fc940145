#pragma once

#include "url.hpp"

#include <string_view>

namespace crier::detail {

/// Whether a list as in `proxy_options::no_proxy` holds where the URL leads. What is no host,
/// address or range holds nothing.
bool holds_host_of(std::string_view no_proxy, const http_url& url);

/// Whether the host is this machine: `localhost` or an address of the loopback interface.
bool is_loopback(const http_url& url);

} // namespace crier::detail
