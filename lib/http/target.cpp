#include "target.hpp"

#include <algorithm>

namespace crier::detail {
namespace {

constexpr std::string_view before_host = "://";

constexpr bool is_scheme_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
}

} // namespace

bool is_absolute(std::string_view target) noexcept {
    const std::size_t scheme = target.find(before_host);
    return scheme != target.npos && scheme > 0 &&
           std::ranges::all_of(target.substr(0, scheme), is_scheme_character);
}

std::string_view authority_of(std::string_view absolute) noexcept {
    absolute.remove_prefix(absolute.find(before_host) + before_host.size());
    return absolute.substr(0, absolute.find_first_of("/?"));
}

target_parts split_target(std::string_view target) noexcept {
    if (is_absolute(target)) {
        target.remove_prefix(target.find(before_host) + before_host.size());
        target.remove_prefix(std::min(target.size(), target.find_first_of("/?")));
    }
    const std::size_t mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    // A path that was left out is that of the host's root: RFC 3986, section 6.2.3.
    return {path.empty() ? "/" : path,
        mark == target.npos ? std::string_view{} : target.substr(mark + 1)};
}

} // namespace crier::detail
