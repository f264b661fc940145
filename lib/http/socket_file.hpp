#pragma once

#include "async/descriptor.hpp"

#include <sys/types.h>

#include <string>

namespace crier::detail {

/// The file of a Unix socket, which is removed at its end, unless another one has taken its place
/// or somebody still listens there.
class socket_file {
public:
    socket_file() = default;
    socket_file(const socket_file&) = delete;
    socket_file& operator=(const socket_file&) = delete;
    ~socket_file();

    /// Makes the file, and a socket that listens there, once. A file that nobody listens on any
    /// more is replaced.
    ///
    /// Errors: throws `system_error`, `address_in_use` where somebody listens or the file is no
    /// socket, and `std::invalid_argument` for a path that is too long.
    descriptor listen(const std::string& path, unsigned mode);

private:
    std::string path_;
    ino_t number_ = 0;
};

} // namespace crier::detail
