#include "load/transport.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace bench::load {

transport::outcome transport::shake_hands(tls_client& by, std::size_t connection) {
    tls_ = by.connect(socket_.get(), connection);
    return shake_hands();
}

transport::outcome transport::shake_hands() { return outcome_of(SSL_connect(tls_.get())); }

transport::outcome transport::send(std::string_view text) noexcept {
    if (tls_) {
        std::size_t size = 0;
        return outcome_of(SSL_write_ex(tls_.get(), text.data(), text.size(), &size));
    }
    const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(text.size()) ? outcome::done : outcome::failed;
}

transport::outcome transport::receive(char* into, std::size_t most, std::size_t& size) noexcept {
    if (tls_) {
        return outcome_of(SSL_read_ex(tls_.get(), into, most, &size));
    }
    const ssize_t received = ::recv(socket_.get(), into, most, 0);
    if (received > 0) {
        size = static_cast<std::size_t>(received);
        return outcome::done;
    }
    if (received == 0) {
        return outcome::closed;
    }
    return errno == EAGAIN || errno == EINTR ? outcome::wants_read : outcome::failed;
}

bool transport::has_pending() const noexcept { return tls_ && SSL_has_pending(tls_.get()) == 1; }

void transport::close() noexcept {
    tls_.reset();
    socket_.close();
}

transport::outcome transport::outcome_of(int result) const noexcept {
    if (result == 1) {
        return outcome::done;
    }
    const int error = SSL_get_error(tls_.get(), result);
    if (error == SSL_ERROR_WANT_READ) {
        return outcome::wants_read;
    }
    if (error == SSL_ERROR_WANT_WRITE) {
        return outcome::wants_write;
    }
    // What is left would be taken for the next call's.
    forget_tls_errors();
    return error == SSL_ERROR_ZERO_RETURN ? outcome::closed : outcome::failed;
}

} // namespace bench::load
