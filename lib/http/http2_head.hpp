#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::detail {

/// The head of a response as HTTP/2 has it.
struct http2_head {
    std::size_t size = 0; ///< of the text that it was read from
    std::string names;    ///< in lower case, one after the other
    std::string_view status;
    std::vector<std::pair<std::string_view, std::string_view>> fields;
};

/// Reads it from its form in HTTP/1.1, of which the fields are left out that are about the
/// connection. None: this is no head. It holds views of the text.
/// Source: RFC 9113, section 8.2.2.
std::optional<http2_head> read_response_head(std::string_view text);

} // namespace crier::detail
