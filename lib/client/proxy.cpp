#include "proxy.hpp"

#include <crier/wire/errc.hpp>

#include "response_fields.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace crier::detail {
namespace {

namespace urls = boost::urls;
using boost::system::result;

std::string base64(std::string_view text) {
    const std::size_t size = (text.size() + 2) / 3 * 4;
    std::string encoded(size + 1, '\0'); // it writes a NUL too
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    encoded.pop_back();
    return encoded;
}

bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
}

/// Source: RFC 7617, section 2.
result<std::string> basic(const std::string& user, const std::string& password) {
    const std::string credentials = user + ':' + password;
    if (user.find(':') != user.npos || std::ranges::any_of(credentials, is_control)) {
        return errc::bad_url;
    }
    return "Basic " + base64(credentials);
}

} // namespace

result<proxy> parse_proxy(std::string_view text) {
    const std::string whole = (text.find("://") == text.npos ? "http://" : "") + std::string{text};
    const auto parsed = urls::parse_uri(whole);
    if (!parsed) {
        return errc::bad_url;
    }
    proxy made;
    urls::url bare{*parsed};
    if (bare.has_userinfo()) {
        auto authorization = basic(bare.user(), bare.password());
        if (!authorization) {
            return authorization.error();
        }
        made.authorization = std::move(*authorization);
        bare.remove_userinfo();
    }
    auto url = parse_url(std::string{bare.data(), bare.size()});
    if (!url || url->secure || url->target != "/") {
        return errc::bad_url;
    }
    made.url = std::move(*url);
    return made;
}

std::string connect_request(const proxy& through, const http_url& to) {
    const std::string target = to.host_and_port();
    std::string text = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    if (!through.authorization.empty()) {
        text += "Proxy-Authorization: " + through.authorization + "\r\n";
    }
    return text + "User-Agent: crier\r\n\r\n";
}

ending refusal_of(const proxy& through, const response_info& head) {
    constexpr unsigned request_timeout = 408;
    constexpr unsigned too_many_requests = 429;
    const bool may_pass = head.status / 100 == 5 || head.status == request_timeout ||
                          head.status == too_many_requests;
    return {errc::proxy_refused, through.name() + ": " + status_of(head),
        may_pass ? change_kind::retrying : change_kind::refused,
        retry_after_of(head, std::chrono::system_clock::now())};
}

} // namespace crier::detail
