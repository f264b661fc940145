#include "client_service_client.hpp"

#include <crier/wire/errc.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::test {

namespace asio = boost::asio;
namespace json = boost::json;
using std::chrono::milliseconds;

namespace {

/// Null where there is none: the harness gives what it does not use as null, too.
const json::value* find(const json::object& in, std::string_view name) {
    const json::value* const found = in.if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

std::string string_of(const json::value& from, std::string_view name) {
    const json::string* const text = from.if_string();
    if (text == nullptr) {
        throw std::invalid_argument{std::string{name} + " is no string"};
    }
    return {text->data(), text->size()};
}

std::string string_of(const json::object& in, std::string_view name) {
    const json::value* const found = find(in, name);
    return found == nullptr ? std::string{} : string_of(*found, name);
}

std::optional<milliseconds> milliseconds_of(const json::object& in, std::string_view name) {
    const json::value* const found = find(in, name);
    if (found == nullptr) {
        return std::nullopt;
    }
    boost::system::error_code error;
    const auto number = found->to_number<std::int32_t>(error);
    if (error || number < 0) {
        throw std::invalid_argument{std::string{name} + " is no number of milliseconds"};
    }
    return milliseconds{number};
}

std::vector<header_field> headers_of(const json::object& parameters) {
    std::vector<header_field> headers;
    if (const json::value* const found = find(parameters, "headers")) {
        const json::object* const fields = found->if_object();
        if (fields == nullptr) {
            throw std::invalid_argument{"headers is no object"};
        }
        for (const auto& [name, value] : *fields) {
            headers.push_back({std::string{name}, string_of(value, "a header")});
        }
    }
    return headers;
}

/// Streams end all the time, and the source connects again: that is no error.
bool is_error(const boost::system::error_code& reason) {
    return reason && reason != errc::stream_ended;
}

event_source_options options_of(
    const json::object& parameters, const std::shared_ptr<reports>& reports) {
    constexpr std::size_t event_limit = std::size_t{32} * 1024 * 1024;
    event_source_options options;
    options.event_limit = event_limit;
    options.reconnect = true;
    options.standard_errors = true;
    if (std::string method = string_of(parameters, "method"); !method.empty()) {
        options.method = std::move(method);
    }
    options.headers = headers_of(parameters);
    options.body = string_of(parameters, "body");
    options.last_event_id = string_of(parameters, "lastEventId");
    options.reconnection_time =
        milliseconds_of(parameters, "initialDelayMs").value_or(options.reconnection_time);
    options.idle_timeout =
        milliseconds_of(parameters, "readTimeoutMs").value_or(options.idle_timeout);
    options.on_state_change = [reports](const state_change& change) {
        if (is_error(change.reason)) {
            reports->send({{"kind", "error"}, {"error", change.message}});
        }
    };
    options.on_comment = [reports](std::string_view text) {
        reports->send({{"kind", "comment"}, {"comment", text}});
    };
    return options;
}

} // namespace

tested_client::tested_client(asio::any_io_executor executor, const json::object& parameters)
    : reports_{std::make_shared<reports>(executor, string_of(parameters, "callbackUrl"))},
      source_{std::move(executor), string_of(parameters, "streamUrl"),
          options_of(parameters, reports_)} {}

void tested_client::start(std::shared_ptr<tested_client> self) {
    const asio::any_io_executor executor = self->source_.get_executor();
    asio::co_spawn(executor, read(std::move(self)), asio::detached);
}

void tested_client::stop() {
    reports_->stop();
    source_.close();
}

void tested_client::obey(const json::object& command) {
    const std::string name = string_of(command, "command");
    const json::value* const listen = find(command, "listen");
    const json::object* const details = listen == nullptr ? nullptr : listen->if_object();
    if (name == "restart") {
        source_.reconnect();
    } else if (name == "listen" && details != nullptr && find(*details, "type") != nullptr) {
        types_.insert(string_of(*details, "type"));
    } else {
        throw std::invalid_argument{"there is no such command"};
    }
}

asio::awaitable<void> tested_client::read(std::shared_ptr<tested_client> self) {
    try {
        while (true) {
            const event next = co_await self->source_.receive();
            self->report(next);
        }
    } catch (const boost::system::system_error&) { // NOLINT(bugprone-empty-catch)
        // Reported as the change of state that it is.
    }
}

void tested_client::report(const event& read) {
    if (types_.contains(read.type)) {
        reports_->send({{"kind", "event"},
            {"event", {{"type", read.type}, {"data", read.data}, {"id", read.id}}}});
    }
}

} // namespace crier::test
