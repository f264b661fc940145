#include "media_type.hpp"

#include "wire/field_text.hpp"

#include <algorithm>

namespace crier::detail {
namespace {

/// Where the text goes on after the quoted string that it begins with.
std::size_t after_quotes(std::string_view text) noexcept {
    std::size_t at = 1;
    while (at < text.size() && text[at] != '"') {
        at += text[at] == '\\' ? 2 : 1;
    }
    return std::min(at + 1, text.size());
}

/// Takes all up to the next comma that is in no quotes off the list.
std::string_view take_element(std::string_view& list) noexcept {
    std::size_t size = 0;
    while (size < list.size() && list[size] != ',') {
        size += list[size] == '"' ? after_quotes(list.substr(size)) : 1;
    }
    const std::string_view element = list.substr(0, size);
    list.remove_prefix(std::min(size + 1, list.size()));
    return element;
}

bool is_valid(std::string_view type) noexcept {
    const std::string_view name = take_until(type, "/");
    return is_token(name) && is_token(type);
}

} // namespace

std::string_view media_type_of(std::string_view list) noexcept {
    std::string_view last;
    while (!list.empty()) {
        std::string_view element = take_element(list);
        const std::string_view type = trimmed(take_until(element, ";"));
        if (is_valid(type) && type != "*/*") {
            last = type;
        }
    }
    return last;
}

} // namespace crier::detail
