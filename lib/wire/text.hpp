#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace crier::detail {

inline std::uint64_t load_eight(const char* from) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Whether one of the eight bytes of the word is `byte`.
constexpr bool holds(std::uint64_t word, unsigned char byte) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const std::uint64_t zeroed = word ^ (ones * byte);
    return ((zeroed - ones) & ~zeroed & (ones << 7)) != 0;
}

enum class utf8 {
    valid,
    unfinished, ///< valid as far as the text goes
    invalid,
};

/// What stands at the start of a text: a UTF-8 sequence, or what one U+FFFD replaces.
struct scanned {
    std::size_t length = 0;
    utf8 is{};
};

/// Source: Unicode 15, table 3-7; WHATWG Encoding 8.1.1 for the length of what is not valid.
inline scanned scan_sequence(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return {1, utf8::valid};
    }
    const std::size_t length = lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
    // The second byte's bounds keep out overlong forms, surrogates and what lies past U+10FFFF.
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    std::size_t at = 1;
    while (at < length && at < text.size() && byte(at) >= low && byte(at) <= high) {
        low = 0x80;
        high = 0xBF;
        ++at;
    }
    return {at, at == length                       ? utf8::valid
                : length != 0 && at == text.size() ? utf8::unfinished
                                                   : utf8::invalid};
}

inline bool is_utf8(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    while (!text.empty()) {
        if (text.size() >= 8 && (load_eight(text.data()) & high_bits) == 0) {
            text.remove_prefix(8);
            continue;
        }
        const scanned sequence = scan_sequence(text);
        if (sequence.is != utf8::valid) {
            return false;
        }
        text.remove_prefix(sequence.length);
    }
    return true;
}

/// Calls `use` with each UTF-8 sequence, and with U+FFFD for what is none.
template <class Use>
void for_each_sequence(std::string_view bytes, Use use) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    while (!bytes.empty()) {
        const scanned found = scan_sequence(bytes);
        use(found.is == utf8::valid ? bytes.substr(0, found.length) : replacement);
        bytes.remove_prefix(found.length);
    }
}

/// Bytes at the end of a text that are a sequence's start and could still become a whole one.
inline std::size_t unfinished_length(std::string_view text) noexcept {
    for (std::size_t length = 1; length < 4 && length <= text.size(); ++length) {
        const std::string_view end = text.substr(text.size() - length);
        if (const scanned last = scan_sequence(end); last.is == utf8::unfinished) {
            return last.length;
        }
    }
    return 0;
}

/// Position of the first CR or LF, the text's size if there is none.
inline std::size_t line_length(std::string_view text) noexcept {
    std::size_t at = 0;
    while (text.size() - at >= 8) {
        const std::uint64_t word = load_eight(text.data() + at);
        if (holds(word, '\r') || holds(word, '\n')) {
            break;
        }
        at += 8;
    }
    while (at < text.size() && text[at] != '\r' && text[at] != '\n') {
        ++at;
    }
    return at;
}

/// Calls `use` with each line of the text; a text with n line ends has n + 1 lines.
template <class Use>
void for_each_line(std::string_view text, Use use) {
    while (true) {
        const std::size_t length = line_length(text);
        use(text.substr(0, length));
        if (length == text.size()) {
            return;
        }
        const bool pair = text[length] == '\r' && text.substr(length + 1).starts_with('\n');
        text.remove_prefix(length + (pair ? 2 : 1));
    }
}

} // namespace crier::detail
