#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crier::model {

/// Where an event comes from. No two events have the same publisher and number.
struct origin {
    std::uint32_t publisher = 0;
    std::uint32_t number = 0;
    std::uint32_t topic = 0;

    friend bool operator==(const origin&, const origin&) = default;
};

inline std::string shown(const origin& of) {
    return std::to_string(of.publisher) + ' ' + std::to_string(of.number) + ' ' +
           std::to_string(of.topic);
}

/// The data of that event: some have two lines, some are longer than a packet.
inline std::string text_of(const origin& of) {
    constexpr std::uint32_t long_ones = 11;
    const std::size_t more = of.number % long_ones == 0 ? 3'000 : of.number % 50;
    return shown(of) + (of.number % 3 == 0 ? "\n" : " ") + std::string(more, '.');
}

/// None: the text is not one that `text_of` made, as a whole.
inline std::optional<origin> origin_of(std::string_view text) {
    origin made;
    std::string_view left = text;
    for (std::uint32_t* const to : {&made.publisher, &made.number, &made.topic}) {
        const auto read = std::from_chars(left.data(), left.data() + left.size(), *to);
        if (read.ec != std::errc{} || read.ptr == left.data() + left.size()) {
            return std::nullopt;
        }
        left.remove_prefix(static_cast<std::size_t>(read.ptr - left.data()) + 1);
    }
    return text_of(made) == text ? std::optional{made} : std::nullopt;
}

} // namespace crier::model
