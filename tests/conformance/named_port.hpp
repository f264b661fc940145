#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string_view>

/// The port of `--port PORT`, the only argument, or 8000. Throws what can be shown to a user.
inline std::uint16_t named_port(int argc, char** argv) {
    std::uint16_t port = 8000;
    if (argc == 1) {
        return port;
    }
    const std::string_view text = argc == 3 ? argv[2] : "";
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (std::string_view{argv[1]} != "--port" || error != std::errc{} ||
        rest != text.data() + text.size()) {
        throw std::invalid_argument{"the only arguments are --port PORT, 0 to 65535"};
    }
    return port;
}
