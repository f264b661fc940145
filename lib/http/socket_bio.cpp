#include "socket_bio.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <new>

namespace crier::detail {
namespace {

int socket_of(BIO* of) noexcept {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(of)));
}

int send_some(BIO* to, const char* bytes, std::size_t size, std::size_t* written) noexcept {
    BIO_clear_retry_flags(to);
    const ssize_t sent = ::send(socket_of(to), bytes, size, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            BIO_set_retry_write(to);
        }
        return 0;
    }
    *written = static_cast<std::size_t>(sent);
    return 1;
}

int receive_some(BIO* from, char* into, std::size_t size, std::size_t* read) noexcept {
    BIO_clear_retry_flags(from);
    const ssize_t received = ::recv(socket_of(from), into, size, 0);
    if (received > 0) {
        *read = static_cast<std::size_t>(received);
        return 1;
    }
    if (received == 0) {
        BIO_set_flags(from, BIO_FLAGS_IN_EOF);
    } else if (errno == EAGAIN || errno == EINTR) {
        BIO_set_retry_read(from);
    }
    return 0;
}

long answer(BIO* of, int command, long /*number*/, void* /*pointer*/) noexcept {
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(of, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default: return 0;
    }
}

const BIO_METHOD* method() {
    static const BIO_METHOD* const ours = [] {
        BIO_METHOD* const made =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "a socket of crier");
        if (made != nullptr) {
            BIO_meth_set_write_ex(made, send_some);
            BIO_meth_set_read_ex(made, receive_some);
            BIO_meth_set_ctrl(made, answer);
        }
        return made;
    }();
    return ours;
}

} // namespace

openssl_ptr<BIO> new_socket_bio(int socket) {
    const BIO_METHOD* const how = method();
    openssl_ptr<BIO> made{how == nullptr ? nullptr : BIO_new(how)};
    if (!made) {
        throw std::bad_alloc{};
    }
    // It is no address, but the room that there is.
    void* const number = reinterpret_cast<void*>(std::intptr_t{socket}); // NOLINT(*-no-int-to-ptr)
    BIO_set_data(made.get(), number);
    BIO_set_init(made.get(), 1);
    return made;
}

} // namespace crier::detail
