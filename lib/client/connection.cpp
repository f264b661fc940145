#include "connection.hpp"

#include <crier/wire/errc.hpp>

#include "async/durations.hpp"
#include "async/time_limit.hpp"
#include "connect.hpp"
#include "ending.hpp"
#include "local_socket.hpp"
#include "resolve.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using boost::system::system_error;

failure bad_response(const std::string& detail) {
    const error_code code = errc::bad_response;
    return failure{{code, code.message() + ": " + detail}};
}

/// The same error, which says whose it is.
failure named(const std::string& peer, const system_error& error) {
    const auto* const told = dynamic_cast<const failure*>(&error);
    return failure{{error.code(),
        peer + ": " + (told == nullptr ? error.code().message() : told->why.message)}};
}

/// Awaits a flow; cut off by the limit, it throws the given error.
template <class T, class Target>
flow<T> within(const time_limit<Target>& limit, errc timeout, flow<T> awaited) {
    try {
        co_return co_await std::move(awaited);
    } catch (const system_error&) {
        if (!limit.expired()) {
            throw;
        }
    }
    throw system_error{timeout};
}

flow<stream_socket> connect_to_host(const http_url& url, clock::time_point deadline) {
    std::vector<tcp::endpoint> endpoints = co_await resolve_host(url.host, url.port, deadline);
    tcp::socket socket = co_await connect_to_any(std::move(endpoints), deadline);
    co_return stream_socket{std::move(socket)};
}

flow<stream_socket> connect_on(const route& way, const http_url& to, clock::time_point deadline) {
    const own_executor executor = co_await asio::this_coro::executor;
    try {
        if (!way.unix_socket.empty()) {
            co_return connect_to_path(executor.inner(), way.unix_socket);
        }
        const http_url& next = way.through ? way.through->url : to;
        co_return co_await connect_to_host(next, deadline);
    } catch (const system_error& error) {
        throw named(way.first_stop(to), error);
    }
}

} // namespace

flow<std::unique_ptr<connection>> connection::open(
    const http_url& to, const route& by, const event_source_options& options, tls_client& tls) {
    const clock::time_point deadline = clock::now() + options.connect_timeout;
    stream_socket socket = co_await connect_on(by, to, deadline);
    auto made = std::make_unique<connection>(std::move(socket));
    if (by.through && to.secure) {
        co_await made->ask_for_tunnel(*by.through, to, deadline);
    }
    if (to.secure) {
        const time_limit limit{made->transport_, options.handshake_timeout};
        flow<void> shaking = made->transport_.handshake(tls, to);
        co_await within(limit, errc::handshake_timeout, std::move(shaking));
    }
    co_return made;
}

flow<void> connection::ask_for_tunnel(
    const proxy& through, const http_url& to, clock::time_point deadline) {
    response_info head;
    try {
        const std::string request = connect_request(through, to);
        const time_limit limit{transport_, deadline - clock::now()};
        flow<response_info> asking = write_and_read_head(request);
        head = co_await within(limit, errc::connect_timeout, std::move(asking));
        // What follows is the server's, which in TLS does not speak first.
        if (head.status / 100 == 2 && buffer_.size() != parsed_) {
            throw bad_response("it goes on after its header");
        }
    } catch (const system_error& error) {
        throw named(through.name(), error);
    }
    if (head.status / 100 != 2) {
        throw failure{refusal_of(through, head)};
    }
}

flow<response_info> connection::ask(std::string request, clock::duration longest) {
    const time_limit limit{transport_, longest};
    flow<response_info> asking = write_and_read_head(request);
    co_return co_await within(limit, errc::header_timeout, std::move(asking));
}

/// A server may answer before it has read all, and then read no more. Source: RFC 9112,
/// section 9.5.
flow<response_info> connection::write_and_read_head(std::string_view request) {
    std::optional<error_code> unsent;
    try {
        co_await transport_.write(request);
    } catch (const system_error& error) {
        unsent = error.code();
    }
    try {
        co_return co_await read_head();
    } catch (const system_error&) {
        if (!unsent) {
            throw;
        }
    }
    throw system_error{*unsent};
}

flow<response_info> connection::read_head() {
    do {
        reader_ = std::make_unique<response_reader>();
        while (!reader_->has_head()) {
            if (!parse()) {
                co_await read_more();
            }
        }
    } while (reader_->head().status / 100 == 1 && reader_->head().status != 101);
    if (reader_->head().status == 101) {
        throw bad_response("it switches protocols");
    }
    co_return reader_->head();
}

flow<std::string_view> connection::read(clock::duration longest) {
    flow<std::string_view> reading = read_body();
    if (longest >= never) {
        co_return co_await std::move(reading);
    }
    const time_limit limit{transport_, longest};
    co_return co_await within(limit, errc::idle_timeout, std::move(reading));
}

flow<std::string> connection::read_start(std::size_t most, clock::duration longest) {
    const time_limit limit{transport_, longest};
    std::string start;
    try {
        while (start.size() < most) {
            const std::string_view piece = co_await read_body();
            if (piece.empty()) {
                break;
            }
            start += piece.substr(0, most - start.size());
        }
    } catch (const system_error&) { // NOLINT(bugprone-empty-catch): what has come must do
    }
    co_return start;
}

flow<std::string_view> connection::read_body() {
    while (!reader_->is_over()) {
        if (!parse()) {
            co_await read_more();
        } else if (!reader_->body().empty()) {
            co_return reader_->body();
        }
    }
    co_return std::string_view{};
}

/// Whether what is in the buffer brought the response on.
bool connection::parse() {
    buffer_.consume(std::exchange(parsed_, 0));
    const auto bytes = buffer_.cdata();
    std::string_view input{static_cast<const char*>(bytes.data()), bytes.size()};
    error_code error;
    reader_->read(input, error);
    if (error) {
        throw bad_response(reader_->explain(error));
    }
    parsed_ = bytes.size() - input.size();
    return parsed_ != 0;
}

flow<void> connection::read_more() {
    constexpr std::size_t read_size = std::size_t{16} * 1024;
    if (buffer_.size() >= response_reader::header_limit) {
        throw bad_response("a header or the head of a chunk is too large");
    }
    bool at_end = false;
    try {
        buffer_.commit(co_await transport_.read_some(buffer_.prepare(read_size)));
    } catch (const system_error& error) {
        if (error.code() != asio::error::eof) {
            throw;
        }
        at_end = true;
    }
    error_code error;
    if (at_end) {
        reader_->end_of_input(error);
    }
    if (error) {
        throw failure{{asio::error::eof, "the connection ended within a response"}};
    }
}

} // namespace crier::detail
