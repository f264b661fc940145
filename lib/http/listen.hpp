#pragma once

#include "async/descriptor.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <sstream>

namespace crier::detail {

// What is done with listening sockets by the system's own functions, which Asio cannot do: its
// sockets would pass to programs that this one executes.

inline boost::system::error_code error_of_system() noexcept {
    return {errno, boost::system::system_category()};
}

/// Throws `system_error` for a result below 0.
inline void check(int result) {
    if (result < 0) {
        throw boost::system::system_error{error_of_system()};
    }
}

/// Throws what the step throws, with a message that tells where it was to listen.
template <class Place, class Step>
auto listening_at(const Place& at, Step step) {
    try {
        return step();
    } catch (const boost::system::system_error& error) {
        std::ostringstream message;
        message << "cannot listen on " << at;
        // Without the place in Asio's sources, which the caught error would tell.
        throw boost::system::system_error{
            error.code().value(), error.code().category(), message.str()};
    }
}

inline descriptor new_socket(int family) {
    descriptor opened{::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    check(opened.get());
    return opened;
}

inline void listen_on(const descriptor& socket) { check(::listen(socket.get(), SOMAXCONN)); }

} // namespace crier::detail
