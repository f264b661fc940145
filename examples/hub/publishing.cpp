#include "publishing.hpp"

#include <crier/http/topics.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse_query.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace hub {
namespace {

/// What a request says of its event.
struct order {
    std::vector<crier::topic_options> topics;
    std::string type;
    std::string key;
    bool only_changes = false;
};

/// Empty: it makes no sense.
std::string read(const crier::exchange& request, order& into) {
    auto topics = crier::topics_of(crier::head_of(request.request()));
    const auto query = boost::urls::parse_query(request.query());
    if (!topics || !query) {
        return "the query is not valid";
    }
    if (topics->empty()) {
        return "no topic is named: ?topic=NAME";
    }
    into.topics = std::move(*topics);
    for (const auto& each : *query) {
        if (each.key == "type") {
            into.type = each.value.decode();
        } else if (each.key == "key") {
            into.key = each.value.decode();
        } else if (each.key == "only-changes") {
            into.only_changes = true;
        } else if (each.key != "topic") {
            return "unknown parameter '" + each.key.decode() + "'";
        }
    }
    return {};
}

/// The body is taken as it is, whatever curl or a form call it; what has to be decoded first is
/// not.
bool is_text(const crier::exchange::request_type& request) {
    std::string type{request[http::field::content_type]};
    std::ranges::transform(type, type.begin(),
        [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const std::size_t charset = type.find("charset=");
    const bool is_utf8 = charset == type.npos || type.find("utf-8", charset) != type.npos ||
                         type.find("us-ascii", charset) != type.npos;
    return is_utf8 && !type.starts_with("multipart/") &&
           request[http::field::content_encoding].empty();
}

http::status status_of(const boost::system::error_code& error) {
    if (error == boost::system::errc::no_space_on_device) {
        return http::status::insufficient_storage;
    }
    if (error.category() != crier::error_category() || error == crier::errc::journal_unavailable ||
        error == crier::errc::journal_full || error == crier::errc::journal_unusable ||
        error == crier::errc::journal_unanswered || error == crier::errc::shut_down) {
        return http::status::service_unavailable;
    }
    return http::status::bad_request;
}

} // namespace

asio::awaitable<void> respond(
    crier::exchange& request, http::status status, const json::value& body) {
    return request.respond(status, json::serialize(body) + "\n", "application/json");
}

json::value describe_error(std::string_view what) {
    return {{"error", json::string_view{what.data(), what.size()}}};
}

asio::awaitable<void> publish(crier::exchange& request, crier::manager& events) {
    order asked;
    const std::string wrong = read(request, asked);
    if (!wrong.empty()) {
        const json::value told = describe_error(wrong);
        co_await respond(request, http::status::bad_request, told);
        co_return;
    }
    if (!is_text(request.request())) {
        const json::value told = describe_error("the body is to be text in UTF-8");
        co_await respond(request, http::status::unsupported_media_type, told);
        co_return;
    }
    const std::string& text = request.request().body();
    crier::publish_options how;
    how.type = asked.type;
    how.key = asked.key;
    how.only_changes = asked.only_changes;
    crier::event_id newest;
    for (const crier::topic_options& each : asked.topics) {
        const crier::event_view whole{text};
        const auto [error, id] = co_await events.async_publish(
            each.name, whole, how, asio::as_tuple(asio::use_awaitable));
        if (error) {
            const json::value told = describe_error(error.message());
            co_await respond(request, status_of(error), told);
            co_return;
        }
        newest = id;
    }
    const json::value published{{"id", to_string(newest)}};
    co_await respond(request, http::status::created, published);
}

} // namespace hub
