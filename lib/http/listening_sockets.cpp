#include "listening_sockets.hpp"

#include "listen.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using boost::system::system_error;

namespace {

void set(const descriptor& socket, int level, int option) {
    const int on = 1;
    check(::setsockopt(socket.get(), level, option, &on, sizeof on));
}

descriptor bind_tcp(const tcp::endpoint& at, bool shares_port, bool only_v6) {
    descriptor socket = new_socket(at.protocol().family());
    set(socket, SOL_SOCKET, SO_REUSEADDR);
    if (shares_port) {
        set(socket, SOL_SOCKET, SO_REUSEPORT);
    }
    if (only_v6 && at.address().is_v6()) {
        set(socket, IPPROTO_IPV6, IPV6_V6ONLY);
    }
    check(::bind(socket.get(), at.data(), static_cast<socklen_t>(at.size())));
    return socket;
}

tcp::endpoint local_endpoint_of(const descriptor& socket) {
    tcp::endpoint at;
    auto size = static_cast<socklen_t>(at.capacity());
    check(::getsockname(socket.get(), at.data(), &size));
    return at;
}

/// A place to listen at, which may be one of several that a name stands for.
struct place {
    tcp::endpoint at;
    bool has_others = false;
};

std::vector<tcp::endpoint> endpoints_of(const std::string& name, std::uint16_t port) {
    if (name == "localhost") {
        // Whatever the machine's own table says. Source: RFC 6761, section 6.3.
        return {{asio::ip::address_v4::loopback(), port}, {asio::ip::address_v6::loopback(), port}};
    }
    asio::io_context io;
    tcp::resolver resolver{io};
    const auto found = listening_at(name, [&] {
        return resolver.resolve(name, std::to_string(port), tcp::resolver::numeric_service);
    });
    return {found.begin(), found.end()};
}

std::vector<place> places_of(const server_options& options) {
    std::vector<place> places;
    for (const std::string& name : options.addresses) {
        const std::vector<tcp::endpoint> found = endpoints_of(name, options.port);
        for (const tcp::endpoint& each : found) {
            if (std::ranges::find(places, each, &place::at) == places.end()) {
                places.push_back({each, found.size() > 1});
            }
        }
    }
    return places;
}

/// A machine may lack a version of IP, though its names have addresses of it.
bool lacks_address(const error_code& error) {
    return error == asio::error::address_family_not_supported ||
           error == boost::system::errc::address_not_available;
}

/// The sockets of one place, one for each thread. With `SO_REUSEPORT` another process might share
/// the port, too: a first socket without it sees whether one is there.
std::vector<descriptor> bind_everywhere(tcp::endpoint& at, bool only_v6, std::size_t threads) {
    return listening_at(at, [&] {
        if (at.port() != 0) {
            bind_tcp(at, false, only_v6);
        }
        std::vector<descriptor> sockets;
        for (std::size_t i = 0; i < threads; ++i) {
            sockets.push_back(bind_tcp(at, true, only_v6));
            listen_on(sockets.back());
            at = local_endpoint_of(sockets.back());
        }
        return sockets;
    });
}

descriptor adopted(int number) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
        throw std::invalid_argument{
            "sockets: " + std::to_string(number) + " is not a listening socket"};
    }
    check(control(number, F_SETFD, FD_CLOEXEC));
    check(control(number, F_SETFL, control(number, F_GETFL) | O_NONBLOCK));
    return descriptor{number};
}

} // namespace

listening_sockets::listening_sockets(const server_options& options) : by_thread_(options.threads) {
    for (const int number : options.sockets) {
        descriptor socket = adopted(number);
        const tcp::endpoint at = local_endpoint_of(socket);
        first_ = first_.port() == 0 && at.data()->sa_family != AF_UNIX ? at : first_;
        share(std::move(socket));
    }
    if (!options.sockets.empty()) {
        return;
    }
    if (options.addresses.empty() && options.unix_socket.empty()) {
        throw std::invalid_argument{
            "neither addresses, unix_socket nor sockets: nothing to listen on"};
    }
    listen_on_addresses(options);
    if (!options.unix_socket.empty()) {
        share(file_.listen(options.unix_socket, options.unix_mode));
    }
}

void listening_sockets::share(descriptor socket) {
    for (std::vector<descriptor>& each : by_thread_) {
        descriptor copy{control(socket.get(), F_DUPFD_CLOEXEC)};
        check(copy.get());
        each.push_back(std::move(copy));
    }
}

/// The kernel may choose a port for the first address that is taken on another one.
void listening_sockets::listen_on_addresses(const server_options& options) {
    constexpr int tries = 8;
    for (int i = 1;; ++i) {
        try {
            listen_on_all(options);
            return;
        } catch (const system_error& error) {
            const bool tries_on = options.port == 0 && i < tries;
            if (!tries_on || error.code() != asio::error::address_in_use) {
                throw;
            }
            first_ = {};
            std::ranges::for_each(by_thread_, &std::vector<descriptor>::clear);
        }
    }
}

void listening_sockets::listen_on_all(const server_options& options) {
    const std::vector<place> places = places_of(options);
    const bool only_v6 =
        std::ranges::any_of(places, [](const place& each) { return each.at.address().is_v4(); });
    error_code missing;
    for (place each : places) {
        if (first_.port() != 0) {
            each.at.port(first_.port());
        }
        try {
            auto sockets = bind_everywhere(each.at, only_v6, by_thread_.size());
            first_ = first_.port() == 0 ? each.at : first_;
            for (std::size_t i = 0; i < sockets.size(); ++i) {
                by_thread_[i].push_back(std::move(sockets[i]));
            }
        } catch (const system_error& error) {
            if (!each.has_others || !lacks_address(error.code())) {
                throw;
            }
            missing = error.code();
        }
    }
    if (first_.port() == 0 && missing) {
        throw system_error{missing, "cannot listen on " + options.addresses.front()};
    }
}

} // namespace crier::detail
