#pragma once

#include "load/test_server.hpp"
#include "load/tls.hpp"

#include <memory>
#include <string_view>

namespace bench::load {

/// The server's side of TLS for tests, with a certificate made for it.
class test_tls {
public:
    test_tls();

    /// Shakes hands, reads a request, answers it and closes the connection.
    void serve(
        const test_server::connection& to, std::string_view head, std::string_view body) const;

private:
    std::unique_ptr<SSL_CTX, ssl_freer> context_;
};

} // namespace bench::load
