#pragma once

#include <crier/client/options.hpp>

#include "proxy.hpp"

#include <functional>
#include <initializer_list>
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
    /// options that make no sense.
    explicit routes(
        const event_source_options& options, const environment& variable = variable_of_process);

    /// Errors: throws `failure` where the environment names a proxy for the URL that makes no
    /// sense.
    route to(const http_url& url) const;

private:
    /// A proxy as it was given, and where.
    struct setting {
        std::string name;
        std::string text;
    };

    static setting first_of(const environment& variable, std::initializer_list<const char*> names);
    static std::optional<proxy> proxy_of(const setting& given);

    std::string unix_socket_;
    setting http_;
    setting https_;
    std::string no_proxy_;
    bool from_environment_;
};

} // namespace crier::detail
