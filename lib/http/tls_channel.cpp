#include "tls_channel.hpp"

#include "socket_bio.hpp"
#include "tls_error.hpp"

#include <boost/asio/error.hpp>

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// So much a record holds.
constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;

/// What goes into one record: the first buffer, where that is the only one or enough, else as much
/// of all as fits, joined.
std::string_view next_record(sink::buffers bytes) noexcept {
    thread_local std::array<char, record_bytes> joined;
    const asio::const_buffer& first = bytes.front();
    if (bytes.size() == 1 || first.size() >= record_bytes) {
        return {static_cast<const char*>(first.data()), std::min(first.size(), record_bytes)};
    }
    return {joined.data(), asio::buffer_copy(asio::buffer(joined), bytes)};
}

/// How many of the buffers hold the first so many bytes.
std::size_t buffers_of(sink::buffers bytes, std::size_t size) noexcept {
    std::size_t count = 0;
    for (std::size_t held = 0; count < bytes.size() && held < size; ++count) {
        held += bytes[count].size();
    }
    return count;
}

std::string subject_of(const X509& certificate) {
    return printed([name = X509_get_subject_name(&certificate)](
                       BIO* to) { X509_NAME_print_ex(to, name, 0, XN_FLAG_RFC2253); });
}

/// Of this thread, so that what OpenSSL tells next is not taken for an older one. To clear them
/// costs as much as a short record, also where there are none.
void forget_errors() noexcept {
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
}

} // namespace

tls_channel::tls_channel(std::shared_ptr<const tls_contexts> by, int socket)
    : by_{std::move(by)}, ssl_{by_->make()} {
    BIO* const on = new_socket_bio(socket).release();
    SSL_set_bio(ssl_.get(), on, on);
    SSL_set_accept_state(ssl_.get());
}

error_code tls_channel::shake_hands() noexcept {
    forget_errors();
    return outcome(SSL_do_handshake(ssl_.get()));
}

std::size_t tls_channel::read_some(asio::mutable_buffer into, error_code& error) noexcept {
    std::size_t size = 0;
    forget_errors();
    error = outcome(SSL_read_ex(ssl_.get(), into.data(), into.size(), &size));
    return size;
}

/// OpenSSL keeps a record that the socket does not take, and wants its bytes once more.
std::size_t tls_channel::write_some(sink::buffers bytes, error_code& error) noexcept {
    const std::string_view record = next_record(bytes);
    std::size_t size = 0;
    forget_errors();
    error = outcome(SSL_write_ex(ssl_.get(), record.data(), record.size(), &size));
    in_flight_ = error == asio::error::would_block
                   ? static_cast<std::uint32_t>(buffers_of(bytes, record.size()))
                   : 0;
    return size;
}

void tls_channel::shut_down() noexcept {
    if (!has_failed_ && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }
}

bool tls_channel::chose_http2() const noexcept {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return std::string_view{reinterpret_cast<const char*>(chosen), size} == "h2";
}

tls_state tls_channel::state() const {
    tls_state told{SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()), {}};
    if (const X509* const client = SSL_get0_peer_certificate(ssl_.get())) {
        told.client = subject_of(*client);
    }
    return told;
}

error_code tls_channel::outcome(int result) noexcept {
    if (result == 1) {
        return {};
    }
    const int system = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        waits_to_write_ = SSL_want_write(ssl_.get());
        return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN: return asio::error::eof;
    case SSL_ERROR_SYSCALL:
        has_failed_ = true;
        ERR_clear_error();
        return system == 0 ? make_error_code(asio::error::connection_reset)
                           : error_code{system, boost::system::system_category()};
    default: has_failed_ = true; return take_openssl_error();
    }
}

} // namespace crier::detail
