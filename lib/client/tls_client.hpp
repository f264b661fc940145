#pragma once

#include <crier/client/options.hpp>

#include "tls_session.hpp"
#include "url.hpp"

#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace crier::detail {

/// What a source needs for TLS: its context, and its sessions with the servers it has connected to.
class tls_client {
public:
    /// So many servers as a chain of redirects may well have.
    static constexpr std::size_t most_sessions = 4;

    /// Lifetime: the options must outlive it.
    explicit tls_client(const tls_options& options) : options_{options} {}

    bool verifies() const noexcept { return options_.verify; }

    /// The context of the options, or one that is made of them with the first call. Errors: throws
    /// `system_error` where the file cannot be read.
    boost::asio::ssl::context& context();

    /// The place of the session with a server, which stays while it is held. A source gets to a
    /// server always on the same way, and always verifies or never.
    std::shared_ptr<tls_session> session_with(const http_url& server);

private:
    struct kept {
        std::string host;
        std::uint16_t port;
        std::shared_ptr<tls_session> session;
    };

    const tls_options& options_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    std::vector<kept> sessions_; ///< the oldest first
};

} // namespace crier::detail
