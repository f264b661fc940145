#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crier::test {

/// A client that reads and writes without an event loop. What a server on the same machine has
/// written is there to be read at once.
class client {
public:
    using tcp = boost::asio::ip::tcp;

    client() = default;
    explicit client(std::uint16_t port) {
        socket.connect({boost::asio::ip::address_v4::loopback(), port});
        // A server that says nothing fails the test, instead of hanging it.
        const timeval longest{20, 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    }

    client(client&&) = default;
    // The socket would outlive the context that it is on.
    client& operator=(client&&) = delete;

    void send(std::string_view bytes) { boost::asio::write(socket, boost::asio::buffer(bytes)); }

    void get(std::string_view target, std::string_view fields = "") {
        send("GET " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n" + std::string{fields} +
             "\r\n");
    }

    /// What has arrived since the last call.
    std::string read_available() {
        std::string bytes = std::exchange(buffer_, {});
        boost::system::error_code error;
        socket.non_blocking(true);
        char part[4096];
        while (true) {
            const std::size_t size = socket.read_some(boost::asio::buffer(part), error);
            if (error) {
                at_end = error != boost::asio::error::would_block;
                break;
            }
            bytes.append(part, size);
        }
        socket.non_blocking(false);
        return bytes;
    }

    /// Waits until the delimiter has arrived; what comes after it is kept. At the connection's end
    /// it gives what there is.
    std::string read_until(std::string_view delimiter) {
        while (buffer_.find(delimiter) == buffer_.npos) {
            if (!receive_more()) {
                return std::exchange(buffer_, {});
            }
        }
        return take(buffer_.find(delimiter) + delimiter.size());
    }

    /// Waits until so many bytes have arrived. At the connection's end it gives none.
    std::string read(std::size_t size) {
        while (buffer_.size() < size) {
            if (!receive_more()) {
                return {};
            }
        }
        return take(size);
    }

    char read_byte() {
        if (buffer_.empty()) {
            char byte = 0;
            return receive(&byte, 1) == 1 ? byte : '\0';
        }
        const char byte = buffer_.front();
        buffer_.erase(0, 1);
        return byte;
    }

    /// Waits for the connection's end and gives all that came before.
    std::string read_to_end() { return read_until(std::string_view{"\0never\0", 7}); }

    /// Ends the connection by RST.
    void reset() {
        socket.set_option(boost::asio::socket_base::linger(true, 0));
        socket.close();
    }

    bool at_end = false;
    std::unique_ptr<boost::asio::io_context> io = std::make_unique<boost::asio::io_context>(1);
    tcp::socket socket{*io};

private:
    std::string take(std::size_t size) {
        std::string bytes = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return bytes;
    }

    /// False: nothing more comes.
    bool receive_more() {
        char part[4096];
        const ssize_t size = receive(part, sizeof part);
        if (size <= 0) {
            at_end = size == 0;
            return false;
        }
        buffer_.append(part, static_cast<std::size_t>(size));
        return true;
    }

    /// After a stop, Linux ends a receive that has a time limit with EINTR; others go on.
    ssize_t receive(char* to, std::size_t most) {
        ssize_t size = 0;
        do {
            size = ::recv(socket.native_handle(), to, most, 0);
        } while (size < 0 && errno == EINTR);
        return size;
    }

    std::string buffer_;
};

/// A response without the time that it tells.
inline std::string without_date(std::string response) {
    const std::string field = "\r\nDate: ";
    const std::size_t at = response.find(field);
    return at == response.npos ? response : response.erase(at, response.find("\r\n", at + 2) - at);
}

/// Takes the chunked coding off a body.
inline std::string unchunked(std::string_view body) {
    std::string bytes;
    while (!body.empty()) {
        const std::size_t size = std::stoul(std::string{body}, nullptr, 16);
        body.remove_prefix(body.find("\r\n") + 2);
        bytes.append(body.substr(0, size));
        body.remove_prefix(size + 2);
    }
    return bytes;
}

} // namespace crier::test
