#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace crier::test {

/// What a descriptor stands for, such as "socket:[1234]".
inline std::string named_descriptor(int number) {
    return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(number)).string();
}

/// The list of what a program that is started now inherits, with the names of above.
inline std::string inherited_descriptors() {
    std::FILE* const listing = ::popen("ls -l /proc/self/fd", "r");
    if (listing == nullptr) {
        throw std::runtime_error{"no program could be started"};
    }
    std::string text;
    std::array<char, 4096> piece{};
    while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), listing)) {
        text.append(piece.data(), size);
    }
    ::pclose(listing);
    return text;
}

} // namespace crier::test
