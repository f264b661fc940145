#pragma once

#include <crier/client/state_change.hpp>
#include <crier/client/stream_request.hpp>

#include "route.hpp"
#include "url.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// Whether a request may be sent again, whatever came of it: it asks a server to change nothing.
/// Source: RFC 9110, section 9.2.1; IANA's registry of methods.
bool is_safe(std::string_view method) noexcept;

/// What is asked for, from redirect to redirect.
class request {
public:
    static constexpr int most_redirects = 20;

    /// Errors: throws `std::invalid_argument` on what cannot be sent.
    request(std::string_view method, stream_request of);

    const http_url& url() const noexcept { return url_; }

    /// What it asks for now.
    stream_request parts() const { return {url_.text(), headers_, body_}; }

    /// The bytes to send, with cookies as a `Cookie` field has them, in addition to its own. A
    /// proxy gets the whole URL, and its credentials; none in between with TLS does.
    std::string text(
        std::string_view last_event_id, std::string_view cookies = {}, const route& way = {}) const;

    /// Turns to where a redirect leads, with the method that it leaves. An origin that is not the
    /// first one gets no header that may hold a secret, and no later one gets it back.
    ///
    /// Errors: `errc::bad_redirect`, `errc::too_many_redirects`.
    /// Source: WHATWG Fetch 4.4.
    boost::system::error_code follow(const response_info& head);

private:
    http_url url_;
    std::string method_;
    std::vector<header_field> headers_;
    std::string body_;
    int redirects_ = 0;
};

} // namespace crier::detail
