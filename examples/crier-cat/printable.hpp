#pragma once

#include "painter.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cat {

/// Text from the network, safe for a terminal: control characters, and characters that change the
/// direction of writing, are shown as \uXXXX, as in JSON. Tabs stay.
std::string printable(std::string_view text, const painter& paint = painter{false});

/// The length in characters, not bytes.
std::size_t length(std::string_view text) noexcept;

} // namespace cat
