#pragma once

#include <crier/client/options.hpp>

#include "proxy.hpp"

#include <functional>
#include <optional>
#include <string>

namespace crier::detail {

/// How a client gets to a server. Neither of both: it connects to the URL's host.
struct route {
    std::string unix_socket{};
    std::optional<proxy> through{};

    /// What is connected to, in words.
    std::string first_stop(const http_url& to) const;
};

/// The value of a variable of this process's environment, empty where there is none.
std::string variable_of_process(const char* name);

/// Which way leads to which URL, as the options and the environment say.
class routes {
public:
    using environment = std::function<std::string(const char* name)>;

    /// Reads the environment, if the options let it. Errors: throws `std::invalid_argument` on
    /// proxies and paths that make no sense.
    explicit routes(
        const event_source_options& options, const environment& variable = variable_of_process);

    route to(const http_url& url) const;

private:
    std::string unix_socket_;
    std::optional<proxy> http_;
    std::optional<proxy> https_;
    std::string no_proxy_;
    bool from_environment_;
};

} // namespace crier::detail
