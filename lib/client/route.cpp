#include "route.hpp"

#include "no_proxy.hpp"

#include <sys/un.h>

#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <utility>

namespace crier::detail {
namespace {

/// The first variable that says something, and what.
std::pair<std::string, std::string> first_of(
    const routes::environment& variable, std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        if (std::string value = variable(name); !value.empty()) {
            return {name, std::move(value)};
        }
    }
    return {};
}

/// Errors do not show the text, which may hold a password.
std::optional<proxy> proxy_from(const std::string& place, const std::string& text) {
    if (text.empty()) {
        return std::nullopt;
    }
    auto made = parse_proxy(text);
    if (!made) {
        throw std::invalid_argument{
            place + " must be http://host:port or http://user:password@host:port"};
    }
    return std::move(*made);
}

void check_path(const std::string& path) {
    if (path.size() >= sizeof sockaddr_un{}.sun_path || path.find('\0') != path.npos) {
        throw std::invalid_argument{"unix_socket: the path is too long or holds NUL"};
    }
}

} // namespace

std::string route::first_stop(const http_url& to) const {
    if (!unix_socket.empty()) {
        return unix_socket;
    }
    return through ? through->name() : to.authority;
}

std::string variable_of_process(const char* name) {
    const char* const value = ::secure_getenv(name);
    return value == nullptr ? "" : value;
}

routes::routes(const event_source_options& options, const environment& variable)
    : unix_socket_{options.unix_socket},
      no_proxy_{options.proxy.no_proxy},
      from_environment_{options.proxy.use_environment && options.proxy.url.empty()} {
    check_path(unix_socket_);
    http_ = https_ = proxy_from("proxy", options.proxy.url);
    if (!unix_socket_.empty()) {
        return;
    }
    if (from_environment_) {
        const auto [http_name, http] = first_of(variable, {"http_proxy"});
        const auto [https_name, https] = first_of(variable, {"https_proxy", "HTTPS_PROXY"});
        http_ = proxy_from(http_name, http);
        https_ = proxy_from(https_name, https);
    }
    if (options.proxy.use_environment && no_proxy_.empty()) {
        no_proxy_ = first_of(variable, {"no_proxy", "NO_PROXY"}).second;
    }
}

route routes::to(const http_url& url) const {
    if (!unix_socket_.empty()) {
        return {.unix_socket = unix_socket_};
    }
    if ((from_environment_ && is_loopback(url)) || holds_host_of(no_proxy_, url)) {
        return {};
    }
    return {.through = url.secure ? https_ : http_};
}

} // namespace crier::detail
