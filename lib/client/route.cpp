#include "route.hpp"

#include "ending.hpp"
#include "no_proxy.hpp"

#include <sys/un.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace crier::detail {
namespace {

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
      http_{"proxy", options.proxy.url},
      https_{http_},
      no_proxy_{options.proxy.no_proxy},
      from_environment_{options.proxy.use_environment && options.proxy.url.empty()} {
    check_path(unix_socket_);
    try {
        proxy_of(http_);
    } catch (const failure& error) {
        throw std::invalid_argument{error.why.message};
    }
    if (from_environment_) {
        http_ = first_of(variable, {"http_proxy"});
        https_ = first_of(variable, {"https_proxy", "HTTPS_PROXY"});
    }
    if (options.proxy.use_environment && no_proxy_.empty()) {
        no_proxy_ = first_of(variable, {"no_proxy", "NO_PROXY"}).text;
    }
}

/// The first one that says something.
routes::setting routes::first_of(
    const environment& variable, std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        if (std::string text = variable(name); !text.empty()) {
            return {name, std::move(text)};
        }
    }
    return {};
}

route routes::to(const http_url& url) const {
    if (!unix_socket_.empty()) {
        return {.unix_socket = unix_socket_};
    }
    if ((from_environment_ && is_loopback(url)) || holds_host_of(no_proxy_, url)) {
        return {};
    }
    return {.through = proxy_of(url.secure ? https_ : http_)};
}

/// The error does not show the text, which may hold a password.
std::optional<proxy> routes::proxy_of(const setting& given) {
    if (given.text.empty()) {
        return std::nullopt;
    }
    auto made = parse_proxy(given.text);
    if (!made) {
        throw failure{{made.error(),
            given.name + " must be http://host:port or http://user:password@host:port",
            change_kind::failed}};
    }
    return std::move(*made);
}

} // namespace crier::detail
