#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace crier::detail {

/// An absolute `http` or `https` URL, as a request needs it.
struct http_url {
    bool secure = false;
    std::string host; ///< a name or an address, without the brackets of IPv6
    std::uint16_t port = 0;
    std::string authority; ///< for the `Host` field: the port only where it is not the scheme's
    std::string target;    ///< path and query

    std::string text() const;
    /// The authority with its port, whatever the scheme.
    std::string host_and_port() const;
};

/// Whether both have the same scheme, host and port. Source: WHATWG HTML 7.1.1.
bool same_origin(const http_url& a, const http_url& b);

/// As browsers do: what a URL must not hold, such as spaces and letters beyond ASCII, is
/// percent-encoded in its path and query, and "a/.." goes. A host is of ASCII. Errors:
/// `errc::bad_url`. Source: WHATWG URL 4.4.
boost::system::result<http_url> parse_url(std::string_view text);

/// Where a `Location` leads from a URL. Errors: `errc::bad_url`, also where it is a fragment only,
/// which leads nowhere else. Source: RFC 9110, section 10.2.2; WHATWG URL 4.4.
boost::system::result<http_url> resolve(const http_url& base, std::string_view location);

} // namespace crier::detail
