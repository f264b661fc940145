#include "connection_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstring>

namespace crier::detail {

namespace asio = boost::asio;

std::string connection_stream::peer() const {
    error_code error;
    const stream_socket::endpoint_type generic = socket_.remote_endpoint(error);
    if (error) {
        return {};
    }
    const int family = generic.protocol().family();
    if (family != AF_INET && family != AF_INET6) {
        return "unix";
    }
    asio::ip::tcp::endpoint address;
    address.resize(generic.size());
    std::memcpy(address.data(), generic.data(), generic.size());
    const std::string host = address.address().to_string();
    const std::string port = std::to_string(address.port());
    return family == AF_INET ? host + ":" + port : "[" + host + "]:" + port;
}

} // namespace crier::detail
