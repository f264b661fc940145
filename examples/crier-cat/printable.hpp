#pragma once

#include "painter.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cat {

/// Text from the network as a terminal may see it: each character that a terminal would obey, or
/// that would change the order of those around it, becomes \uXXXX, as in JSON. Tabs stay.
std::string printable(std::string_view text, const painter& paint = painter{false});

/// Characters, not bytes.
std::size_t length(std::string_view text) noexcept;

} // namespace cat
