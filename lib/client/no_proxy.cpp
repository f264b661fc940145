#include "no_proxy.hpp"

#include "domain.hpp"
#include "wire/field_text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace crier::detail {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

std::optional<ip::address> address_of(std::string_view text) {
    error_code error;
    const ip::address address = ip::make_address(text, error);
    return error ? std::nullopt : std::optional{address};
}

/// A host, an address or a range, and the port if there is one.
struct place {
    std::string_view host;
    std::optional<std::string_view> port{};
};

place parts_of(std::string_view entry) {
    if (entry.starts_with('[')) {
        const std::string_view host = take_until(entry, "]").substr(1);
        return entry.starts_with(':') ? place{host, entry.substr(1)} : place{host};
    }
    if (std::ranges::count(entry, ':') == 1) {
        const std::string_view host = take_until(entry, ":");
        return {host, entry};
    }
    return {entry};
}

template <class Network, class Address>
bool is_within(const Network& range, const Address& address) {
    return Network{address, range.prefix_length()}.canonical() == range.canonical();
}

bool is_in_range(std::string_view range, const ip::address& address) {
    error_code error;
    if (address.is_v4()) {
        const ip::network_v4 network = ip::make_network_v4(range, error);
        return !error && is_within(network, address.to_v4());
    }
    const ip::network_v6 network = ip::make_network_v6(range, error);
    return !error && is_within(network, address.to_v6());
}

bool holds_address(std::string_view entry, const ip::address& address) {
    return entry.find('/') == entry.npos ? address_of(entry) == address
                                         : is_in_range(entry, address);
}

std::string_view without_root(std::string_view name) {
    return name.substr(0, name.size() - (name.ends_with('.') ? 1 : 0));
}

bool holds_name(std::string_view entry, std::string_view name) {
    entry.remove_prefix(entry.starts_with("*.") ? 2 : entry.starts_with('.') ? 1 : 0);
    entry = without_root(entry);
    return !entry.empty() && is_in_domain(without_root(name), entry);
}

bool holds(std::string_view entry, const http_url& url) {
    const place at = parts_of(entry);
    if (at.port && *at.port != std::to_string(url.port)) {
        return false;
    }
    const std::optional<ip::address> address = address_of(url.host);
    return at.host == "*" ||
           (address ? holds_address(at.host, *address) : holds_name(at.host, url.host));
}

} // namespace

bool holds_host_of(std::string_view no_proxy, const http_url& url) {
    constexpr std::string_view separators = ", \t\r\n";
    while (!no_proxy.empty()) {
        const std::size_t end = std::min(no_proxy.find_first_of(separators), no_proxy.size());
        if (end != 0 && holds(no_proxy.substr(0, end), url)) {
            return true;
        }
        no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
    }
    return false;
}

bool is_loopback(const http_url& url) {
    const std::optional<ip::address> address = address_of(url.host);
    return address ? address->is_loopback() : is_in_domain(without_root(url.host), "localhost");
}

} // namespace crier::detail
