#include "url.hpp"

#include <crier/wire/errc.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <utility>

namespace crier::detail {
namespace {

namespace urls = boost::urls;
using boost::system::result;

bool is_hex(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Where the path or the query begins, after the authority if there is one.
std::size_t after_authority(std::string_view text) noexcept {
    const std::size_t slashes = text.find("//");
    const bool has_authority =
        slashes == 0 ||
        (slashes != text.npos && text.find_first_of("/?") == slashes && text[slashes - 1] == ':');
    return has_authority ? std::min(text.find_first_of("/?", slashes + 2), text.size()) : 0;
}

/// As browsers do it: what stands around a URL and its fragment go, and what it must not hold is
/// encoded.
std::string tidied(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n\f";
    constexpr std::string_view excluded = "\"<>\\^`{|}";
    constexpr std::string_view digits = "0123456789ABCDEF";
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    text = text.substr(0, text.find_last_not_of(blank) + 1);
    text = text.substr(0, text.find('#'));
    const std::size_t path = after_authority(text);
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

/// Only what a certificate can name, and what no part of a program takes for another host: no
/// encoded bytes, which some decode and others do not.
bool is_host(const urls::url& parsed) {
    const std::string_view host = parsed.encoded_host();
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == '_';
    };
    return parsed.host_type() == urls::host_type::ipv6 ||
           (!host.empty() && host.front() != '.' && std::ranges::all_of(host, allowed));
}

std::uint16_t default_port(bool secure) noexcept { return secure ? 443 : 80; }

result<http_url> from(urls::url parsed) {
    parsed.normalize_scheme().normalize_authority();
    http_url url;
    url.secure = parsed.scheme_id() == urls::scheme::https;
    const bool http = url.secure || parsed.scheme_id() == urls::scheme::http;
    // Who gives a password in a URL wants it to be used, but URLs are logged and shown.
    if (!http || !is_host(parsed) || parsed.has_userinfo()) {
        return errc::bad_url;
    }
    url.host = parsed.host_address();
    url.port = default_port(url.secure);
    if (parsed.has_port() && !parsed.port().empty()) {
        url.port = parsed.port_number();
        if (url.port == 0) {
            return errc::bad_url;
        }
    }
    url.authority = parsed.encoded_host();
    if (url.port != default_port(url.secure)) {
        url.authority += ':' + std::to_string(url.port);
    }
    url.target = parsed.encoded_path().empty() ? "/" : std::string{parsed.encoded_path()};
    // Boost 1.81 takes what follows a port that is no number for a path.
    if (!url.target.starts_with('/')) {
        return errc::bad_url;
    }
    if (parsed.has_query()) {
        url.target.append("?").append(parsed.encoded_query());
    }
    return url;
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

result<http_url> parse_url(std::string_view text) {
    const std::string encoded = tidied(text);
    const auto parsed = urls::parse_uri(encoded);
    return parsed ? from(urls::url{*parsed}) : result<http_url>{errc::bad_url};
}

result<http_url> resolve(const http_url& base, std::string_view location) {
    const std::string encoded = tidied(location);
    const std::string base_text = base.text();
    const auto reference = urls::parse_uri_reference(encoded);
    urls::url url;
    if (encoded.empty() || !reference ||
        !urls::resolve(urls::parse_uri(base_text).value(), *reference, url)) {
        return errc::bad_url;
    }
    return from(std::move(url));
}

} // namespace crier::detail
