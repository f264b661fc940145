#include "connection.hpp"

#include <crier/async/clock.hpp>

#include "connection_responder.hpp"
#include "connection_transport.hpp"
#include "handling.hpp"
#include "http2.hpp"
#include "request_reader.hpp"

#include <boost/asio/error.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace crier::detail {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Reads and drops what the client still sends, within bounds. If some of it were left unread, the
/// system would reset the connection, and the client might lose the answer: RFC 9112, section 9.6.
/// After refusals alone, as other answers come when the request has been read.
asio::awaitable<void> let_client_finish(connection_input& input) {
    constexpr std::size_t most = 16'777'216;
    constexpr std::chrono::seconds longest{5};
    const connection_input::limit limit{input.socket(), longest};
    error_code ended;
    std::size_t taken = 0;
    while (!ended && taken < most) {
        input.bytes.clear();
        ended = co_await input.receive(limit);
        taken += input.bytes.size();
    }
}

void log_failed_handshake(const error_code& why, const connection_context& context) {
    const std::string failures = context.encrypted_by->failures().add(why.message(), clock::now());
    if (!failures.empty()) {
        context.options.log(severity::error, "TLS handshakes failed: " + failures);
    }
}

/// False: the connection is of no use. There is no word for one that is one too many: a handshake
/// costs more than the answer is worth.
asio::awaitable<bool> encrypt(connection_stream& stream, connection_context& context) {
    if (context.is_one_too_many) {
        co_return false;
    }
    const error_code failed = co_await shake_hands(
        stream, *context.encrypted_by, context.handshakes, context.options.tls->handshake_timeout);
    if (failed && !context.ending && !is_end_of_connection(failed) && failed != asio::error::eof) {
        log_failed_handshake(failed, context);
    }
    co_return !failed;
}

asio::awaitable<void> speak_http2(
    connection_stream& stream, connection_context& context, std::string received) {
    connection_transport on{stream};
    asio::awaitable<void> speaking = run_http2(on, context, std::move(received));
    co_await std::move(speaking);
}

} // namespace

asio::awaitable<void> run_connection(stream_socket socket, connection_context& context) {
    connection_stream stream{socket};
    if (context.encrypted_by != nullptr) {
        const bool is_encrypted = co_await encrypt(stream, context);
        if (!is_encrypted) {
            co_return;
        }
    }
    if (stream.channel() != nullptr && stream.channel()->chose_http2()) {
        co_await speak_http2(stream, context, {});
        co_return;
    }
    connection_input input{stream};
    connection_responder responses{stream};
    std::optional<refused_request> refused;
    if (context.is_one_too_many) {
        refused = refused_request{{503, "too many connections"}};
    }
    bool goes_on = !refused;
    while (goes_on && !context.ending) {
        context.idle = true;
        read_result read = co_await read_request(input, context.options);
        context.idle = false;
        goes_on = false;
        if (const auto* bad = std::get_if<refused_request>(&read)) {
            refused = *bad;
        } else if (std::holds_alternative<http2_preface>(read) && stream.channel() != nullptr) {
            refused = refused_request{{400, "HTTP/2 by TLS is chosen with ALPN"}};
        } else if (std::holds_alternative<http2_preface>(read)) {
            co_await speak_http2(stream, context, std::move(input.bytes));
            co_return;
        } else if (auto* request = std::get_if<std::unique_ptr<received>>(&read)) {
            asio::awaitable<bool> handling =
                handle_request(responses, std::move(*request), context);
            goes_on = co_await std::move(handling);
        }
    }
    if (refused) {
        co_await send_refusal(responses, *refused, context.options);
    }
    stream.shut_down();
    if (refused && !context.ending) {
        context.idle = true;
        co_await let_client_finish(input);
    }
}

} // namespace crier::detail
