#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string_view>

/// The port to listen on: the program's only argument, or 8080. Throws what can be shown to a user.
inline std::uint16_t port_from(int argc, char** argv) {
    std::uint16_t port = 8080;
    const std::string_view text = argc > 1 ? argv[1] : "8080";
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (argc > 2 || rest != text.data() + text.size() || error != std::errc{}) {
        throw std::invalid_argument{"the only argument is a port, 0 to 65535"};
    }
    return port;
}
