#include <crier/http/server.hpp>

#include "async/descriptor.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace crier {
namespace {

/// 0 where it is no number.
int number_in(const char* variable) {
    const char* const value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): as documented
    const std::string_view digits = value == nullptr ? "" : value;
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() ? number : 0;
}

} // namespace

std::vector<int> passed_sockets() {
    constexpr int first = 3;
    std::vector<int> sockets;
    if (number_in("LISTEN_PID") == ::getpid()) {
        const int count = number_in("LISTEN_FDS");
        for (int socket = first; socket - first < count; ++socket) {
            if (detail::control(socket, F_SETFD, FD_CLOEXEC) != 0) {
                break; // it was not passed after all
            }
            sockets.push_back(socket);
        }
    }
    return sockets;
}

} // namespace crier
