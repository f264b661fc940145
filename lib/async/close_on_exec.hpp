#pragma once

#include "descriptor.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include <sys/socket.h>

#include <cerrno>

namespace crier::detail {

/// Opens a socket or an acceptor of Asio as its own `open` does, but so that no program inherits it
/// that another thread starts meanwhile. Asio's does not ask for that. Throws where there is no
/// memory.
template <class Socket>
void open_socket(Socket& socket, const typename Socket::protocol_type& protocol,
    boost::system::error_code& error) {
    descriptor opened{
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
