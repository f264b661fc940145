#include "sending.hpp"

#include <crier/http/stream_writer.hpp>

#include <boost/json/serialize.hpp>

#include <optional>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace completions {
namespace {

constexpr error shutting_down{"the server is shutting down", "server_error", "", "shutting_down"};

/// All tokens in one, without a reason where there are not all.
asio::awaitable<token> read_all(tokens& from) {
    token all;
    std::optional<token> next = co_await from.receive();
    while (next) {
        all.text += next->text;
        all.finish_reason = next->finish_reason;
        next = co_await from.receive();
    }
    co_return all;
}

} // namespace

asio::awaitable<void> respond(
    crier::exchange& request, http::status status, const json::value& body) {
    return request.respond(status, json::serialize(body), "application/json");
}

asio::awaitable<void> send_stream(crier::exchange& request, const answer& of, tokens& from,
    std::chrono::milliseconds heartbeat_interval) {
    crier::writer_options options;
    options.checks_request = false; // which is a POST
    options.heartbeat_interval = heartbeat_interval;
    crier::stream_writer out = request.writer(options);
    co_await out.write_headers();
    co_await out.write(of.beginning());
    bool is_complete = false;
    bool is_open = true;
    while (is_open) {
        is_open = co_await out.wait(from.get_signal());
        while (const std::optional<token> next = from.try_receive()) {
            co_await out.write(of.part(*next));
            is_complete = !next->finish_reason.empty();
        }
    }
    if (!is_complete) {
        co_await out.write(describe(shutting_down));
    }
    co_await out.write("[DONE]");
    co_await out.finish();
}

asio::awaitable<void> send_whole(crier::exchange& request, const answer& of, tokens& from) {
    const token all = co_await request.while_connected(read_all(from));
    if (all.finish_reason.empty()) {
        co_await respond(request, http::status::service_unavailable, describe(shutting_down));
    } else {
        co_await respond(request, http::status::ok, of.whole(all.text, all.finish_reason));
    }
}

} // namespace completions
