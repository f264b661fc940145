#pragma once

#include <crier/http/sink.hpp>
#include <crier/http/tls.hpp>

#include "failure_counts.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>

namespace crier::detail {

/// What encrypts one connection. It reads and writes the socket, which does not block, by itself;
/// what cannot be done now is `would_block`.
class encrypted_channel {
public:
    virtual ~encrypted_channel() = default;

    virtual boost::system::error_code shake_hands() noexcept = 0;
    /// After `would_block`: whether the socket is to take more, not to have more.
    virtual bool waits_to_write() const noexcept = 0;

    /// As those of a socket. After `would_block`, the same bytes are to be written again, perhaps
    /// followed by others.
    virtual std::size_t read_some(
        boost::asio::mutable_buffer into, boost::system::error_code& error) noexcept = 0;
    virtual std::size_t write_some(
        sink::buffers bytes, boost::system::error_code& error) noexcept = 0;
    /// As `sink::in_flight`.
    virtual std::size_t in_flight() const noexcept = 0;

    /// Tells the peer that nothing follows, if the socket takes that at once.
    virtual void shut_down() noexcept = 0;

    /// Whether client and server have agreed on HTTP/2. Source: RFC 7301.
    virtual bool chose_http2() const noexcept = 0;

    virtual tls_state state() const = 0;
};

/// What encrypts a server's connections. Thread-safe.
class encryption {
public:
    virtual ~encryption() = default;

    /// Throws `std::bad_alloc`.
    virtual std::unique_ptr<encrypted_channel> accept(int socket) const = 0;

    /// Reads the files again. Connections go on as they are; so does all else where this throws, as
    /// when it was made.
    virtual void reload() = 0;

    /// Of handshakes.
    failure_counts& failures() const noexcept { return failures_; }

private:
    mutable failure_counts failures_;
};

/// `offers_http2`: to clients that ask for it. Throws `std::invalid_argument` on options that make
/// no sense, and `tls_file_error`, which says what is wrong with which file.
std::shared_ptr<encryption> make_encryption(const tls_server_options& options, bool offers_http2);

} // namespace crier::detail
