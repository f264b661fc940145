#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <sys/epoll.h>

#include <cerrno>
#include <cstdint>

namespace crier::detail {

/// Makes a set of file descriptors that the system watches. Throws `system_error`.
inline int new_epoll_set() {
    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) {
        throw boost::system::system_error{
            {errno, boost::system::system_category()}, "epoll_create1"};
    }
    return set;
}

/// Adds a file descriptor. What happens to it is told with the pointer. Throws `system_error`.
inline void add_to_epoll_set(int set, int added, std::uint32_t events, void* told_with) {
    epoll_event of{};
    of.events = events;
    of.data.ptr = told_with;
    if (::epoll_ctl(set, EPOLL_CTL_ADD, added, &of) != 0) {
        throw boost::system::system_error{{errno, boost::system::system_category()}, "epoll_ctl"};
    }
}

} // namespace crier::detail
