#include "origin.hpp"

#include "wire/field_text.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

bool consists_of(std::string_view text, std::string_view characters) noexcept {
    return !text.empty() && text.find_first_not_of(characters) == text.npos;
}

bool is_port(std::string_view text) noexcept {
    unsigned port = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && rest == end && !text.starts_with('0') && port <= 65'535;
}

/// The scheme may be one of apps and extensions, which are pages too.
bool is_origin(std::string_view text) noexcept {
    const std::size_t separator = text.find("://");
    if (separator == text.npos ||
        !consists_of(text.substr(0, separator), "abcdefghijklmnopqrstuvwxyz0123456789+.-")) {
        return false;
    }
    text.remove_prefix(separator + 3);
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : text.npos;
    const std::size_t colon = text.find(':', bracket == text.npos ? 0 : bracket);
    const std::string_view host = text.substr(0, colon);
    const bool is_host =
        bracket == text.npos
            ? consists_of(host, "abcdefghijklmnopqrstuvwxyz0123456789-._")
            : host.ends_with(']') && consists_of(host.substr(1, bracket - 1), "0123456789abcdef:.");
    return is_host && (colon == text.npos || is_port(text.substr(colon + 1)));
}

/// What a browser would send as the origin of an address.
std::string origin_of_address(std::string_view address) {
    std::string origin{trimmed(address)};
    std::ranges::transform(origin, origin.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (const std::size_t separator = origin.find("://"); separator != origin.npos) {
        origin.resize(std::min(origin.size(), origin.find_first_of("/?#", separator + 3)));
    }
    for (const auto& [scheme, port] : {std::pair{"https://", ":443"}, {"http://", ":80"}}) {
        if (origin.starts_with(scheme) && origin.ends_with(port)) {
            origin.resize(origin.rfind(':'));
        }
    }
    return origin;
}

} // namespace

void check_origin(std::string_view text) {
    if (text == "null") {
        throw std::invalid_argument{
            "cors: the origin \"null\" is that of every sandboxed frame and local file; name real "
            "origins, or allow all with \"*\""};
    }
    const std::string right = origin_of_address(text);
    const std::string written = "cors: \"" + std::string{text} + '"';
    if (!is_origin(right)) {
        throw std::invalid_argument{written +
                                    " is not an origin; write each as a browser sends it, such as "
                                    "\"https://app.example\" or \"http://localhost:3000\""};
    }
    if (right != text) {
        throw std::invalid_argument{
            written + " is not how a browser sends an origin; write \"" + right + '"'};
    }
}

} // namespace crier::detail
