#include "connection.hpp"

#include <crier/wire/errc.hpp>

#include "exchange_access.hpp"
#include "pubsub/log_failure.hpp"
#include "request_reader.hpp"
#include "response.hpp"
#include "send.hpp"
#include "whole_response.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/status.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace crier::detail {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

/// The answer as the program has it. None: its function has failed.
std::optional<exchange::response_type> shaped(
    const refused_request& refused, const server_options& options) {
    constexpr unsigned version = 11;
    exchange::response_type answer = refusal_message(refused.why, refused.style.as_json, version);
    try {
        options.on_refusal(refused.why, answer);
        return answer;
    } catch (...) {
        log_failure(options.log, "on_refusal failed: ", std::current_exception());
        return std::nullopt;
    }
}

asio::awaitable<void> send_refusal(
    connection_stream& stream, refused_request refused, const server_options& options) {
    std::optional<exchange::response_type> answer;
    if (options.on_refusal) {
        answer = shaped(refused, options);
    }
    std::string response;
    if (answer) {
        response = complete(*answer, false, refused.style.head_only);
        response += answer->body();
    } else {
        response = refusal_response(refused.why, refused.style);
    }
    co_await send(stream, options.response_timeout, response);
}

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

/// What a handler's write throws when the client, or the server's end, has ended its connection.
bool is_end_of_connection(const error_code& error) {
    return error == errc::client_left || error == errc::stalled || error == errc::no_stream ||
           error == asio::error::operation_aborted || error == asio::error::broken_pipe ||
           error == asio::error::connection_reset;
}

/// Calls the handler, and answers for it where it did not. Whether the connection goes on.
asio::awaitable<bool> handle_request(
    connection_stream& stream, std::unique_ptr<received> request, connection_context& context) {
    exchange handled = exchange_access::make(
        stream, std::move(request), context.options.response_timeout, context.shutdown);
    std::exception_ptr problem;
    bool ending = false;
    try {
        asio::awaitable<void> handling = context.handle(handled);
        co_await std::move(handling);
    } catch (const boost::system::system_error& error) {
        if (is_end_of_connection(error.code())) {
            co_return false;
        }
        ending = error.code() == errc::shut_down;
        problem = std::current_exception();
    } catch (...) {
        problem = std::current_exception();
    }
    if (problem && !ending) {
        log_failure(context.options.log, "handler failed: ", problem);
    }
    if (!handled.is_answered()) {
        asio::awaitable<void> responding =
            !problem ? handled.refuse(http::status::not_found, "not found")
            : ending ? handled.refuse(http::status::service_unavailable, "shutting down")
                     : handled.refuse(http::status::internal_server_error, "internal error");
        co_await std::move(responding);
    }
    if (detached_order* const ordered = exchange_access::detached(handled);
        ordered != nullptr && !problem) {
        try {
            context.streams.begin(stream, std::move(*ordered));
            context.is_handed_over = true;
        } catch (...) {
            log_failure(context.options.log, "a stream failed: ", std::current_exception());
        }
    }
    co_return !problem && handled.keeps_alive();
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
        log_failure(context.options.log, "a TLS handshake failed: ", failed);
    }
    co_return !failed;
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
    connection_input input{stream};
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
        } else if (auto* request = std::get_if<std::unique_ptr<received>>(&read)) {
            asio::awaitable<bool> handling = handle_request(stream, std::move(*request), context);
            goes_on = co_await std::move(handling);
        }
    }
    if (refused) {
        co_await send_refusal(stream, *refused, context.options);
    }
    stream.shut_down();
    if (refused && !context.ending) {
        context.idle = true;
        co_await let_client_finish(input);
    }
}

} // namespace crier::detail
