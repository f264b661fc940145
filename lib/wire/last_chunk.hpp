#pragma once

#include <string_view>

namespace crier::detail {

/// Whether what stands where a body's first chunk begins may be a part of the last chunk. Once
/// Beast has recognized that one, its next call asserts that there are five bytes. Later chunks
/// begin with CRLF, so only the first can be shorter.
constexpr bool may_be_part_of_last_chunk(std::string_view bytes) noexcept {
    return bytes.starts_with('0') && bytes.size() < std::string_view{"0\r\n\r\n"}.size();
}

} // namespace crier::detail
