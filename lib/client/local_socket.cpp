#include "local_socket.hpp"

#include "async/close_on_exec.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/system_error.hpp>

#include <sys/socket.h>

#include <cerrno>

namespace crier::detail {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

/// Not with Asio, which takes a full queue of the server for a connection that is being made.
stream_socket connect_to_path(
    const boost::asio::any_io_executor& executor, const std::string& path) {
    const stream_protocol::endpoint there{path};
    stream_protocol::socket socket{executor};
    error_code error;
    open_socket(socket, there.protocol(), error);
    if (!error) {
        socket.native_non_blocking(true, error);
    }
    if (!error && ::connect(socket.native_handle(), there.data(),
                      static_cast<socklen_t>(there.size())) != 0) {
        error.assign(errno, boost::system::system_category());
    }
    if (error) {
        throw boost::system::system_error{error};
    }
    return stream_socket{std::move(socket)};
}

} // namespace crier::detail
