#pragma once

#include <crier/export.hpp>
#include <crier/http/tls.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace crier {

/// A request and what became of it, for an access log. Texts are as the client sent them.
struct access_record {
    std::string peer;     ///< the client's address and port; "unix" on a Unix socket
    std::string method;   ///< empty, as are the next two: the request could not be read
    std::string target;   ///< the path and the query
    std::string protocol; ///< as `exchange::protocol`
    unsigned status = 0;  ///< of the response; 0: none was begun, as where the client has left
    /// Until the response or the stream had ended; of a detached stream, until it began.
    std::chrono::microseconds took{};
    std::optional<tls_state> tls; ///< none: the connection is not encrypted
};

/// One line, without a line end: the members in their order, "-" for what is empty. What is not
/// printable is escaped as in JSON, and so are quotation marks.
///
///     127.0.0.1:50112 "GET /prices HTTP/2" 200 12.031 s TLSv1.3 TLS_AES_256_GCM_SHA384 "CN=screen"
///
/// Errors: throws `std::bad_alloc`.
CRIER_EXPORT std::string to_string(const access_record& of);

} // namespace crier
