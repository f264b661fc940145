#pragma once

#include <string>

namespace crier {

/// The proxy that an `event_source` connects through. To `https` it is asked for a tunnel with
/// CONNECT, which carries none of the request's headers: TLS is with the server, and the proxy
/// reads nothing of it. Requests to `http` are sent to the proxy itself, which reads all of them.
///
/// As other clients do, a source takes its proxies from the environment of the process unless it is
/// told otherwise. It reads the environment once, when it is made:
/// - `https_proxy` or `HTTPS_PROXY`, for `https` URLs,
/// - `http_proxy`, for `http` URLs; not `HTTP_PROXY`, which in a CGI program is a header of the
///   client's request,
/// - `no_proxy` or `NO_PROXY`, as in `no_proxy` below.
///
/// The lower-case name comes first. An empty variable counts as none, and nothing is read in a
/// program with more rights than its user (`secure_getenv`). `localhost`, and addresses of the
/// loopback interface, are never reached through a proxy of the environment.
///
/// Errors: the constructor of `event_source` throws `std::invalid_argument` on a proxy that is not
/// valid, in an option, or in the environment where it would be used. A proxy that refuses closes
/// the source with `errc::proxy_refused` if its answer is final, as 403 or 407 (wrong credentials)
/// are. After 408, 429 and 5xx to CONNECT the source tries again, as after a failed connection.
/// Thread safety: the environment must not change while a source is made.
/// Source: RFC 9110, section 9.3.6; RFC 9112, section 3.2.2; RFC 7617.
struct proxy_options {
    /// `http://host:port`, or `http://user:password@host:port` for a proxy that asks for
    /// credentials, where special characters are percent-encoded. Only proxies that speak HTTP
    /// without TLS; the default port is 80, and the scheme may be left out. It is used for all
    /// URLs, in place of those of the environment.
    std::string url{};
    /// What is reached without a proxy, separated by commas or spaces, in place of the
    /// environment's `no_proxy`:
    /// - `example.com` or `.example.com`: the host and all below it,
    /// - `192.0.2.1`, `2001:db8::1`, `10.0.0.0/8`: an address, or a range of them. Names are not
    ///   resolved for it,
    /// - `example.com:8080`, `[2001:db8::1]:8080`: only that port,
    /// - `*`: everything.
    std::string no_proxy{};
    /// Off: the environment is not read.
    bool use_environment = true;
};

} // namespace crier
