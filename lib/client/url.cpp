#include "url.hpp"

#include <crier/wire/errc.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <utility>

namespace crier::detail {
namespace {

namespace urls = boost::urls;
using boost::system::result;

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view excluded = " \"<>\\^`{|}";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x21 || byte > 0x7E || excluded.find(c) != excluded.npos) {
            encoded += {'%', digits[byte >> 4], digits[byte & 0xF]};
        } else {
            encoded += c;
        }
    }
    return encoded;
}

std::uint16_t default_port(bool secure) noexcept { return secure ? 443 : 80; }

result<http_url> from(urls::url parsed) {
    parsed.normalize_scheme().normalize_authority();
    http_url url;
    url.secure = parsed.scheme_id() == urls::scheme::https;
    const bool http = url.secure || parsed.scheme_id() == urls::scheme::http;
    // Who gives a password in a URL wants it to be used, but URLs are logged and shown.
    if (!http || parsed.encoded_host().empty() || parsed.has_userinfo()) {
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

bool same_origin(const http_url& a, const http_url& b) {
    return a.secure == b.secure && a.host == b.host && a.port == b.port;
}

result<http_url> parse_url(std::string_view text) {
    const std::string encoded = percent_encoded(text);
    const auto parsed = urls::parse_uri(encoded);
    return parsed ? from(urls::url{*parsed}) : result<http_url>{errc::bad_url};
}

result<http_url> resolve(const http_url& base, std::string_view location) {
    const std::string encoded = percent_encoded(location);
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
