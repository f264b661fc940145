#pragma once

#include "painter.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cat {

/// Text for a terminal. Control sequences in received data are shown, never interpreted: control
/// characters, and characters that change the direction of writing, become \uXXXX, as in JSON. Tabs
/// stay. What is not UTF-8 becomes U+FFFD.
std::string printable(std::string_view text, const painter& paint = painter{false});

/// The length in characters, not bytes.
std::size_t length(std::string_view text) noexcept;

} // namespace cat
