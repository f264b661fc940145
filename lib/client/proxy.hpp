#pragma once

#include "ending.hpp"
#include "url.hpp"
#include "verdict.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace crier::detail {

struct proxy {
    http_url url;              ///< where it is; without the credentials
    std::string authorization; ///< for `Proxy-Authorization`; empty: none

    std::string name() const { return "proxy " + url.authority; }
};

/// Reads `[http://][user:password@]host[:port]`. Errors: `errc::bad_url`.
boost::system::result<proxy> parse_proxy(std::string_view text);

/// Asks for a tunnel to a server, with nothing of the request that is for the server alone.
/// Source: RFC 9110, section 9.3.6.
std::string connect_request(const proxy& through, const http_url& to);

/// What it means that a proxy lets nobody through: what is wrong for good, or may pass.
ending refusal_of(const proxy& through, const response_info& head);

} // namespace crier::detail
