#pragma once

#include <string>
#include <string_view>

namespace crier::detail {

/// What an absolute path leads to: "/a/../b" to "/b". A dot may be encoded, and no other byte is
/// decoded. Source: WHATWG URL 4.4, path state; RFC 3986, section 5.2.4.
std::string without_dot_segments(std::string_view path);

} // namespace crier::detail
