#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace crier::test {

/// The steps of the decoder in WHATWG Encoding 8.1.1, over all bytes at once.
inline std::string decode_utf8(std::string_view bytes) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::string text;
    std::string sequence;
    std::size_t needed = 0;
    unsigned char lower = 0x80;
    unsigned char upper = 0xBF;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto byte = static_cast<unsigned char>(bytes[at]);
        if (needed == 0) {
            ++at;
            sequence = bytes[at - 1];
            if (byte <= 0x7F) {
                text += sequence;
            } else if (byte >= 0xC2 && byte <= 0xDF) {
                needed = 1;
            } else if (byte >= 0xE0 && byte <= 0xEF) {
                lower = byte == 0xE0 ? 0xA0 : 0x80;
                upper = byte == 0xED ? 0x9F : 0xBF;
                needed = 2;
            } else if (byte >= 0xF0 && byte <= 0xF4) {
                lower = byte == 0xF0 ? 0x90 : 0x80;
                upper = byte == 0xF4 ? 0x8F : 0xBF;
                needed = 3;
            } else {
                text += replacement;
            }
            continue;
        }
        const bool goes_on = byte >= lower && byte <= upper;
        lower = 0x80;
        upper = 0xBF;
        if (!goes_on) {
            needed = 0;
            text += replacement;
            continue; // with the same byte
        }
        ++at;
        sequence += bytes[at - 1];
        if (--needed == 0) {
            text += sequence;
        }
    }
    return needed == 0 ? text : text.append(replacement);
}

} // namespace crier::test
