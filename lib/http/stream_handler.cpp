#include <crier/http/stream_handler.hpp>

#include "cors.hpp"
#include "exchange_access.hpp"
#include "topics.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using detail::exchange_access;

/// The topics of `?topic=a&topic=b`, or else that of path and query.
boost::system::result<std::vector<topic_options>> topics_asked(const detail::asked& request) {
    auto topics = detail::topics_of(request.query);
    if (topics && topics->empty()) {
        auto topic = detail::topic_of(request.path, request.query);
        if (!topic) {
            return topic.error();
        }
        topics->emplace_back().name = *std::move(topic);
    }
    return topics;
}

/// Gives each topic its options. False: there is no such topic.
bool find_all(
    std::vector<topic_options>& topics, const decltype(stream_handler_options::find)& find) {
    for (topic_options& each : topics) {
        std::optional<topic_options> found = find(each.name);
        if (!found) {
            return false;
        }
        found->name = std::move(each.name);
        each = *std::move(found);
    }
    return true;
}

/// Answers that there is no stream. A page may read why.
asio::awaitable<void> decline(
    exchange& request, const cors_options& cors, http::status status, std::string_view why) {
    exchange_access::set_fields(request, permit(cors, exchange_access::asked_of(request)).fields);
    return request.refuse(status, why);
}

asio::awaitable<void> answer(
    exchange& request, manager& events, std::shared_ptr<const stream_handler_options> options) {
    const cors_options& cors = options->stream.cors;
    auto topics = topics_asked(exchange_access::asked_of(request));
    if (!topics) {
        const std::string why = topics.error().message();
        co_await decline(request, cors, http::status::bad_request, why);
        co_return;
    }
    const bool is_allowed =
        !options->allow || std::ranges::all_of(*topics, [&](const topic_options& each) {
            return options->allow(request.request(), each.name);
        });
    if (!is_allowed) {
        co_await decline(request, cors, http::status::forbidden, "this topic may not be read");
        co_return;
    }
    if (options->find && !find_all(*topics, options->find)) {
        co_await decline(request, cors, http::status::not_found, "there is no such topic");
        co_return;
    }
    serve_options stream = options->stream;
    stream.topics = *std::move(topics);
    exchange_access::detach(request, events, std::move(stream));
}

} // namespace

server::handler stream_handler(manager& events, stream_handler_options options) {
    check_options(options.stream);
    const auto shared = std::make_shared<const stream_handler_options>(std::move(options));
    return [&events, shared](exchange& request) { return answer(request, events, shared); };
}

} // namespace crier
