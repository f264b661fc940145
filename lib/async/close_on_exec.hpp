#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace crier::detail {

/// A descriptor that is closed unless something else takes it over.
class owned_descriptor {
public:
    explicit owned_descriptor(int number) noexcept : number_{number} {}
    owned_descriptor(const owned_descriptor&) = delete;
    owned_descriptor& operator=(const owned_descriptor&) = delete;
    ~owned_descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }

    int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_;
};

/// Opens a socket or an acceptor of Asio as its own `open` does, but so that no program inherits it
/// that another thread starts meanwhile. Asio's does not ask for that. Throws where there is no
/// memory.
template <class Socket>
void open_socket(Socket& socket, const typename Socket::protocol_type& protocol,
    boost::system::error_code& error) {
    owned_descriptor opened{
        ::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol())};
    if (opened.get() < 0) {
        error.assign(errno, boost::asio::error::get_system_category());
        return;
    }
    // It blocks, as one that Asio has opened does, until its first asynchronous operation.
    socket.assign(protocol, opened.get(), error);
    if (!error) {
        opened.release();
    }
}

} // namespace crier::detail
