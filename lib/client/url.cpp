#include "url.hpp"

#include <crier/wire/errc.hpp>

#include "dot_segments.hpp"
#include "wire/field_text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace crier::detail {
namespace {

namespace urls = boost::urls;
using boost::system::result;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The size of a scheme with its colon; 0: there is none.
std::size_t scheme_size(std::string_view text) noexcept {
    const std::size_t colon = text.find(':');
    const std::string_view scheme = text.substr(0, colon);
    const auto allowed = [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    };
    const bool is_scheme = colon != text.npos && !scheme.empty() && is_letter(scheme.front()) &&
                           std::ranges::all_of(scheme, allowed);
    return is_scheme ? scheme.size() + 1 : 0;
}

/// Where the path or the query begins, after the authority if there is one.
std::size_t after_authority(std::string_view text) noexcept {
    const std::size_t scheme = scheme_size(text);
    return text.substr(scheme).starts_with("//")
             ? std::min(text.find_first_of("/?", scheme + 2), text.size())
             : 0;
}

/// Percent-encodes what neither an authority may hold nor, after it, a path and a query.
std::string encoded(std::string_view text, std::size_t path) {
    constexpr std::string_view excluded = "\"<>\\^`{|}";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool bracket = (byte == '[' || byte == ']') && i >= path;
        const bool escape = i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
        const bool percent = byte == '%' && !escape;
        if (byte < 0x21 || byte > 0x7E || bracket || percent ||
            excluded.find(text[i]) != excluded.npos) {
            encoded += {'%', digits[byte >> 4], digits[byte & 0xF]};
        } else {
            encoded += text[i];
        }
    }
    return encoded;
}

/// As browsers do it: what stands around a URL and its fragment go, what it must not hold is
/// encoded, and a backslash is a slash. But none ends an authority: who reads the URL by RFC 3986
/// would see another host.
std::string tidied(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n\f";
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    text = text.substr(0, text.find_last_not_of(blank) + 1);
    text = text.substr(0, text.find('#'));
    const std::size_t path = after_authority(text);
    const std::size_t query = std::min(text.find('?', path), text.size());
    std::string slashed{text};
    std::replace(slashed.data() + path, slashed.data() + query, '\\', '/');
    return encoded(slashed, path);
}

/// Only what a certificate can name, and what no part of a program takes for another host: no
/// encoded bytes, which some decode and others do not.
bool is_host(const urls::url& parsed) {
    const std::string_view host = parsed.encoded_host();
    const auto allowed = [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
    };
    return parsed.host_type() == urls::host_type::ipv6 ||
           (!host.empty() && host.front() != '.' && std::ranges::all_of(host, allowed));
}

std::uint16_t default_port(bool secure) noexcept { return secure ? 443 : 80; }

/// Boost 1.81 gives a number for digits that are over 65535.
result<std::uint16_t> port_of(std::string_view digits, bool secure) {
    std::uint16_t port = default_port(secure);
    if (!digits.empty()) {
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (read.ec != std::errc{} || port == 0) {
            return errc::bad_url;
        }
    }
    return port;
}

result<http_url> from(urls::url parsed) {
    parsed.normalize_scheme().normalize_authority();
    http_url url;
    url.secure = parsed.scheme_id() == urls::scheme::https;
    const bool http = url.secure || parsed.scheme_id() == urls::scheme::http;
    const auto port = port_of(parsed.port(), url.secure);
    // Who gives a password in a URL wants it to be used, but URLs are logged and shown.
    if (!http || !is_host(parsed) || parsed.has_userinfo() || !port) {
        return errc::bad_url;
    }
    url.host = parsed.host_address();
    url.port = *port;
    url.authority = parsed.encoded_host();
    if (url.port != default_port(url.secure)) {
        url.authority += ':' + std::to_string(url.port);
    }
    const std::string_view path = parsed.encoded_path();
    // Boost 1.81 takes what follows a port that is no number for a path.
    if (!path.empty() && !path.starts_with('/')) {
        return errc::bad_url;
    }
    url.target = path.empty() ? "/" : without_dot_segments(path);
    if (parsed.has_query()) {
        url.target.append("?").append(parsed.encoded_query());
    }
    return url;
}

result<http_url> parse_absolute(const std::string& text) {
    const auto parsed = urls::parse_uri(text);
    return parsed ? from(urls::url{*parsed}) : result<http_url>{errc::bad_url};
}

/// What a reference without a scheme leaves out. Boost 1.81 would decode its path, and let ".."
/// lead above the root. Source: RFC 3986, section 5.2.2.
std::string before(std::string_view reference, const http_url& base) {
    const std::string_view path = std::string_view{base.target}.substr(0, base.target.find('?'));
    if (reference.starts_with("//")) {
        return "";
    }
    std::string left_out = "//" + base.authority;
    if (reference.starts_with('?')) {
        left_out += path;
    } else if (!reference.starts_with('/')) {
        left_out += path.substr(0, path.rfind('/') + 1);
    }
    return left_out;
}

} // namespace

std::string http_url::text() const {
    return (secure ? "https://" : "http://") + authority + target;
}

std::string http_url::host_and_port() const {
    return port == default_port(secure) ? authority + ':' + std::to_string(port) : authority;
}

bool same_origin(const http_url& a, const http_url& b) {
    return a.secure == b.secure && a.host == b.host && a.port == b.port;
}

result<http_url> parse_url(std::string_view text) { return parse_absolute(tidied(text)); }

result<http_url> resolve(const http_url& base, std::string_view location) {
    const std::string tidy = tidied(location);
    const std::string_view scheme = base.secure ? "https:" : "http:";
    std::string_view rest = tidy;
    if (const std::size_t size = scheme_size(rest); size != 0) {
        const std::string_view given = rest.substr(0, size);
        rest.remove_prefix(size);
        if (!same(given, scheme) || rest.starts_with("//")) {
            return parse_absolute(tidy);
        }
    }
    if (rest.empty()) {
        return errc::bad_url;
    }
    return parse_absolute(std::string{scheme}.append(before(rest, base)).append(rest));
}

} // namespace crier::detail
