#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/signal.hpp>
#include <crier/http/sink.hpp>
#include <crier/http/tls.hpp>

#include "async/stream_socket.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

struct detached_order;
class detached_streams;

/// Watches whether the client of a request leaves.
class departure_watch {
public:
    virtual ~departure_watch() = default;
    virtual bool has_left() const noexcept = 0;
};

/// A manager's stream, which clients resume, or one that a handler writes.
enum class stream_owner { manager, handler };

/// Where a request came from, and its response goes: a connection of HTTP/1.1, or a stream of one
/// of HTTP/2.
class responder {
public:
    virtual ~responder() = default;

    virtual boost::asio::any_io_executor get_executor() const = 0;

    /// As `exchange::peer`.
    virtual std::string peer() const = 0;

    /// None: the connection is not encrypted.
    virtual std::optional<tls_state> tls() const = 0;

    /// Throws `std::logic_error` where the request has no socket for itself.
    virtual stream_socket& socket() = 0;

    /// Sends a whole response, or what the client takes in that time; then the error is
    /// `operation_aborted`. The head is in HTTP/1.1's form.
    virtual boost::asio::awaitable<boost::system::error_code> send(
        clock::duration longest, std::string_view head, std::string_view body) = 0;

    /// Where the sink of a stream has to be used; none: on any executor.
    virtual boost::asio::any_io_executor sink_executor() const = 0;

    /// Where a stream is written, from its head on, which is in HTTP/1.1's form.
    virtual std::shared_ptr<sink> make_sink(
        stream_owner whom, const boost::asio::any_io_executor& executor) = 0;

    /// Sets the signal when the client has left.
    virtual std::unique_ptr<departure_watch> watch_client(signal& on_end) = 0;

    /// Leaves the response to the server's streams. True: the connection was handed over, too.
    virtual bool detach(detached_streams& to, detached_order ordered) = 0;
};

} // namespace crier::detail
