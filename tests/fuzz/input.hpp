#pragma once

#include "support/parsing.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace crier::fuzz {

using test::pieces;

/// The stream that the bytes of the fuzzer stand for, cut off at some point past the given size.
/// The byte 1 repeats the one after it, or the fuzzer would hardly find lines that are longer than
/// buffers.
inline std::string stretched(std::string_view bytes, std::size_t most) {
    constexpr std::size_t repeats = 3000;
    std::string stream;
    for (std::size_t at = 0; at < bytes.size() && stream.size() < most; ++at) {
        if (bytes[at] == '\x01' && at + 1 < bytes.size()) {
            stream.append(repeats, bytes[++at]);
        } else {
            stream += bytes[at];
        }
    }
    return stream;
}

/// The stream in pieces whose sizes hang on the seed.
inline pieces cut(std::string_view stream, unsigned seed) {
    std::minstd_rand random{seed + 1};
    const std::size_t most = std::size_t{1} << (random() % 14);
    pieces result;
    while (!stream.empty()) {
        result.push_back(stream.substr(0, random() % (most + 1)));
        stream.remove_prefix(result.back().size());
    }
    return result;
}

} // namespace crier::fuzz
