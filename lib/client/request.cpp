#include "request.hpp"

#include <crier/wire/errc.hpp>

#include "response_fields.hpp"
#include "wire/field_text.hpp"
#include "wire/printable.hpp"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <utility>

namespace crier::detail {
namespace {

using boost::system::error_code;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names, [name](std::string_view each) { return same(name, each); });
}

void check(const header_field& field) {
    if (!is_token(field.name) || !std::ranges::all_of(field.value, is_value_character)) {
        throw std::invalid_argument{
            "header \"" + field.name + "\" holds characters that no header may hold"};
    }
    if (is_one_of(field.name,
            {"Connection", "Content-Length", "Host", "Keep-Alive", "Last-Event-ID",
                "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade"})) {
        throw std::invalid_argument{
            "header \"" + field.name + "\" is set by crier; Last-Event-ID and proxies are options"};
    }
}

http_url checked_url(std::string_view text) {
    auto url = parse_url(text);
    if (!url) {
        throw std::invalid_argument{'"' + printable(text) + "\": " + url.error().message()};
    }
    return std::move(*url);
}

void add(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

bool is_safe(std::string_view method) noexcept {
    constexpr std::string_view safe[] = {"GET", "OPTIONS", "PROPFIND", "QUERY", "REPORT", "SEARCH"};
    return std::ranges::find(safe, method) != std::end(safe);
}

request::request(std::string_view method, stream_request of)
    : url_{checked_url(of.url)},
      method_{method},
      headers_{std::move(of.headers)},
      body_{std::move(of.body)} {
    if (!is_token(method_) || is_one_of(method_, {"CONNECT", "HEAD", "TRACE"})) {
        throw std::invalid_argument{"method \"" + method_ + "\" cannot ask for a stream"};
    }
    std::ranges::for_each(headers_, check);
}

std::string request::text(
    std::string_view last_event_id, std::string_view cookies, const route& way) const {
    constexpr std::pair<std::string_view, std::string_view> defaults[] = {
        {"Accept", "text/event-stream"},
        {"Accept-Encoding", "identity"},
        {"Cache-Control", "no-cache"},
        {"User-Agent", "crier"},
    };
    const bool is_to_proxy = way.through && !url_.secure;
    std::string text = method_ + ' ' + (is_to_proxy ? url_.text() : url_.target) + " HTTP/1.1\r\n";
    add(text, "Host", url_.authority);
    if (is_to_proxy && !way.through->authorization.empty()) {
        add(text, "Proxy-Authorization", way.through->authorization);
    }
    for (const auto& [name, value] : defaults) {
        if (std::ranges::none_of(
                headers_, [name](const header_field& given) { return same(given.name, name); })) {
            add(text, name, value);
        }
    }
    for (const header_field& field : headers_) {
        if (same(field.name, "Cookie") && !cookies.empty()) {
            // One field for all of them: RFC 6265, section 5.4.
            add(text, field.name, field.value + "; " + std::string{std::exchange(cookies, {})});
        } else {
            add(text, field.name, field.value);
        }
    }
    if (!cookies.empty()) {
        add(text, "Cookie", cookies);
    }
    if (!last_event_id.empty()) {
        add(text, "Last-Event-ID", last_event_id);
    }
    if (!body_.empty() || is_one_of(method_, {"POST", "PUT", "PATCH"})) {
        add(text, "Content-Length", std::to_string(body_.size()));
    }
    return text.append("\r\n").append(body_);
}

error_code request::follow(const response_info& head) {
    if (++redirects_ > most_redirects) {
        return errc::too_many_redirects;
    }
    const std::optional<std::string_view> location = only_value_of(head, "Location");
    auto next = resolve(url_, location.value_or(""));
    if (!next || (url_.secure && !next->secure)) {
        return errc::bad_redirect;
    }
    const bool rewritten = head.status == 303                       ? !is_one_of(method_, {"GET"})
                         : head.status == 301 || head.status == 302 ? same(method_, "POST")
                                                                    : false;
    if (rewritten) {
        method_ = "GET";
        body_.clear();
        std::erase_if(headers_, [](const header_field& field) {
            return is_one_of(field.name,
                {"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"});
        });
    }
    if (!same_origin(url_, *next)) {
        std::erase_if(headers_, [](const header_field& field) {
            return !is_one_of(field.name,
                {"Accept", "Accept-Language", "Cache-Control", "Content-Type", "User-Agent"});
        });
    }
    url_ = std::move(*next);
    return {};
}

} // namespace crier::detail
