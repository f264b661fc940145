#include "socket_file.hpp"

#include "listen.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <iterator>
#include <stdexcept>

namespace crier::detail {
namespace {

/// 0 where there is no socket.
ino_t number_of(const std::string& path) noexcept {
    struct stat found{};
    return ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode) ? found.st_ino : 0;
}

class unix_address {
public:
    explicit unix_address(const std::string& path) {
        if (path.size() >= sizeof at_.sun_path) {
            throw std::invalid_argument{"unix_socket is too long: '" + path + "'"};
        }
        at_.sun_family = AF_UNIX;
        path.copy(std::begin(at_.sun_path), path.size());
    }

    int bind(const descriptor& socket) const noexcept {
        return ::bind(socket.get(), data(), sizeof at_);
    }

    bool refuses_connections() const {
        const descriptor probe = new_socket(AF_UNIX);
        return ::connect(probe.get(), data(), sizeof at_) != 0 && errno == ECONNREFUSED;
    }

private:
    const sockaddr* data() const noexcept {
        return reinterpret_cast<const sockaddr*>(&at_); // NOLINT(*-reinterpret-cast)
    }

    sockaddr_un at_{};
};

} // namespace

/// A number alone may have been given to the file of another one.
socket_file::~socket_file() {
    try {
        if (!path_.empty() && number_of(path_) == number_ &&
            unix_address{path_}.refuses_connections()) {
            ::unlink(path_.c_str());
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): without a descriptor to look, it stays
    }
}

descriptor socket_file::listen(const std::string& path, unsigned mode) {
    const unix_address at{path};
    return listening_at(path, [&] {
        descriptor socket = new_socket(AF_UNIX);
        // The file gets its mode from the socket, less the umask: never more than was asked for.
        check(::fchmod(socket.get(), mode));
        int bound = at.bind(socket);
        if (bound != 0 && number_of(path) != 0 && at.refuses_connections()) {
            check(::unlink(path.c_str())); // of a process that was killed
            bound = at.bind(socket);
        }
        check(bound);
        path_ = path;
        number_ = number_of(path);
        check(::chmod(path.c_str(), mode));
        listen_on(socket);
        return socket;
    });
}

} // namespace crier::detail
