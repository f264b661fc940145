#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace crier::model {

/// A number of a command line. Throws `std::invalid_argument`, which says how that is used.
inline std::uint32_t number_in(std::string_view text, std::string_view usage) {
    std::uint32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
        throw std::invalid_argument{std::string{usage}};
    }
    return number;
}

} // namespace crier::model
