#pragma once

#include <crier/client/options.hpp>

#include "route.hpp"
#include "url.hpp"
#include "verdict.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// What is asked for, from redirect to redirect.
class request {
public:
    static constexpr int most_redirects = 20;

    /// Errors: throws `std::invalid_argument` on what cannot be sent.
    request(http_url url, const event_source_options& options);

    const http_url& url() const noexcept { return url_; }

    /// The bytes to send. A proxy gets the whole URL, and its credentials; none in between with TLS
    /// does.
    std::string text(std::string_view last_event_id, const route& way = {}) const;

    /// Turns to where a redirect leads, with the method that it leaves. An origin that is not the
    /// first one gets no header that may hold a secret, and no later one gets it back.
    ///
    /// Errors: `errc::bad_redirect`, `errc::too_many_redirects`.
    /// Source: WHATWG Fetch 4.4.
    boost::system::error_code follow(const response_head& head);

private:
    http_url url_;
    std::string method_;
    std::vector<header_field> headers_;
    std::string body_;
    int redirects_ = 0;
};

} // namespace crier::detail
