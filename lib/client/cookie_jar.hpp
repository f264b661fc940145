#pragma once

#include "url.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace crier::detail {

/// The cookies that servers have set, each for its host alone. Source: RFC 6265, section 5.
class cookie_jar {
public:
    static constexpr std::size_t most_cookies = 50;
    /// Of all names, values and paths.
    static constexpr std::size_t most_bytes = 4'096;

    /// Takes a `Set-Cookie` of a response from the URL, unless it is for another host, or for TLS
    /// and came without. One whose time is over deletes what it replaces. The oldest make room.
    void take(const http_url& from, std::string_view set_cookie, std::chrono::sys_seconds now);

    /// What a request to the URL sends as `Cookie`; empty where there is nothing to send.
    std::string for_request(const http_url& to, std::chrono::sys_seconds now) const;

private:
    struct cookie {
        std::string host{};
        std::string path{};
        std::string name{};
        std::string value{};
        bool secure = false;
        std::chrono::sys_seconds over = std::chrono::sys_seconds::max();

        bool replaces(const cookie& other) const noexcept;
        bool goes_to(const http_url& url, std::chrono::sys_seconds now) const noexcept;
        std::size_t size() const noexcept { return path.size() + name.size() + value.size(); }
    };

    std::size_t bytes() const noexcept;

    std::deque<cookie> cookies_; ///< the oldest first
};

} // namespace crier::detail
