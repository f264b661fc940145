#include "dot_segments.hpp"

#include "wire/field_text.hpp"

#include <algorithm>

namespace crier::detail {
namespace {

bool take_dot(std::string_view& text) noexcept {
    constexpr std::string_view encoded = "%2e";
    const bool is_encoded = same(text.substr(0, encoded.size()), encoded);
    if (!is_encoded && !text.starts_with('.')) {
        return false;
    }
    text.remove_prefix(is_encoded ? encoded.size() : 1);
    return true;
}

enum class segment { here, parent, name };

segment kind_of(std::string_view text) noexcept {
    std::size_t dots = 0;
    while (take_dot(text)) {
        ++dots;
    }
    const bool is_name = !text.empty() || dots == 0 || dots > 2;
    return is_name ? segment::name : dots == 1 ? segment::here : segment::parent;
}

} // namespace

std::string without_dot_segments(std::string_view path) {
    std::string kept;
    while (!path.empty()) {
        const std::size_t size = std::min(path.find('/', 1), path.size());
        const std::string_view with_slash = path.substr(0, size);
        path.remove_prefix(size);
        const segment kind = kind_of(with_slash.substr(1));
        if (kind == segment::name) {
            kept += with_slash;
            continue;
        }
        if (kind == segment::parent && !kept.empty()) {
            kept.resize(kept.rfind('/'));
        }
        if (path.empty()) {
            kept += '/';
        }
    }
    return kept;
}

} // namespace crier::detail
