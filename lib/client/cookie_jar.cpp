#include "cookie_jar.hpp"

#include "domain.hpp"
#include "http_date.hpp"
#include "wire/field_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace crier::detail {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

/// Source: RFC 6265, section 5.2.
struct attributes {
    std::string_view domain{};
    std::string_view path{};
    std::optional<seconds> max_age{};
    std::optional<sys_seconds> expires{};
    bool secure = false;
};

std::optional<seconds> parse_max_age(std::string_view text) {
    constexpr seconds longest = std::chrono::hours{24} * 400;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
        return std::nullopt;
    }
    if (error == std::errc::result_out_of_range) {
        return text.starts_with('-') ? seconds{0} : longest;
    }
    return std::clamp(seconds{value}, seconds{0}, longest);
}

/// An older form has dashes: "Thu, 01-Jan-1970 00:00:00 GMT".
std::optional<sys_seconds> parse_expires(std::string text) {
    std::ranges::replace(text, '-', ' ');
    return parse_http_date(text);
}

attributes parse_attributes(std::string_view text) {
    attributes found;
    while (!text.empty()) {
        std::string_view value = take_until(text, ";");
        const std::string_view name = trimmed(take_until(value, "="));
        value = trimmed(value);
        if (same(name, "Domain")) {
            found.domain = value.starts_with('.') ? value.substr(1) : value;
        } else if (same(name, "Path")) {
            found.path = value;
        } else if (same(name, "Secure")) {
            found.secure = true;
        } else if (same(name, "Max-Age")) {
            found.max_age = parse_max_age(value);
        } else if (same(name, "Expires")) {
            found.expires = parse_expires(std::string{value});
        }
    }
    return found;
}

std::string_view path_of(const http_url& url) {
    return std::string_view{url.target}.substr(0, url.target.find('?'));
}

/// Source: RFC 6265, section 5.1.4.
std::string_view default_path(const http_url& url) {
    const std::string_view path = path_of(url);
    const std::size_t last = path.rfind('/');
    return last == path.npos || last == 0 ? "/" : path.substr(0, last);
}

/// Source: RFC 6265, section 5.1.4.
bool is_under(std::string_view path, std::string_view above) noexcept {
    return path.starts_with(above) &&
           (path.size() == above.size() || above.ends_with('/') || path[above.size()] == '/');
}

} // namespace

bool cookie_jar::cookie::replaces(const cookie& other) const noexcept {
    return name == other.name && path == other.path && host == other.host;
}

bool cookie_jar::cookie::goes_to(const http_url& url, sys_seconds now) const noexcept {
    return host == url.host && is_under(path_of(url), path) && (url.secure || !secure) &&
           over > now;
}

std::size_t cookie_jar::bytes() const noexcept {
    std::size_t sum = 0;
    for (const cookie& each : cookies_) {
        sum += each.size();
    }
    return sum;
}

void cookie_jar::take(const http_url& from, std::string_view set_cookie, sys_seconds now) {
    std::string_view value = take_until(set_cookie, ";");
    const bool is_pair = value.find('=') != value.npos;
    const std::string_view name = trimmed(take_until(value, "="));
    const attributes given = parse_attributes(set_cookie);
    if (!is_pair || name.empty() || (given.secure && !from.secure) ||
        (!given.domain.empty() && !is_in_domain(from.host, given.domain))) {
        return;
    }
    const std::string_view path = given.path.starts_with('/') ? given.path : default_path(from);
    cookie made{from.host, std::string{path}, std::string{name}, std::string{trimmed(value)},
        given.secure,
        given.max_age ? now + *given.max_age : given.expires.value_or(sys_seconds::max())};
    const auto older =
        std::ranges::find_if(cookies_, [&made](const cookie& each) { return made.replaces(each); });
    if (made.size() > most_bytes || (older != cookies_.end() && older->secure && !from.secure)) {
        return;
    }
    if (older != cookies_.end()) {
        cookies_.erase(older);
    }
    std::erase_if(cookies_, [now](const cookie& each) { return each.over <= now; });
    if (made.over <= now) {
        return;
    }
    cookies_.push_back(std::move(made));
    while (cookies_.size() > most_cookies || bytes() > most_bytes) {
        cookies_.pop_front();
    }
}

/// Those of longer paths first. Source: RFC 6265, section 5.4.
std::string cookie_jar::for_request(const http_url& to, sys_seconds now) const {
    std::vector<const cookie*> sent;
    for (const cookie& each : cookies_) {
        if (each.goes_to(to, now)) {
            const auto length = [](const cookie* one) { return one->path.size(); };
            sent.insert(
                std::ranges::upper_bound(sent, length(&each), std::ranges::greater{}, length),
                &each);
        }
    }
    std::string text;
    for (const cookie* const each : sent) {
        text.append(text.empty() ? "" : "; ").append(each->name).append("=").append(each->value);
    }
    return text;
}

} // namespace crier::detail
