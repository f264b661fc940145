#include <crier/http/stream_handler.hpp>

#include <algorithm>
#include <memory>

namespace crier {
namespace {

namespace asio = boost::asio;

/// The topics of `?topic=a&topic=b`, or else that of path and query.
boost::system::result<std::vector<topic_options>> topics_asked(const request_head& head) {
    auto topics = topics_of(head);
    if (topics && topics->empty()) {
        auto topic = topic_of(head);
        if (!topic) {
            return topic.error();
        }
        topics->emplace_back().name = *std::move(topic);
    }
    return topics;
}

asio::awaitable<void> answer(
    exchange& request, manager& events, std::shared_ptr<const stream_handler_options> options) {
    auto topics = topics_asked(head_of(request.request()));
    if (!topics) {
        std::string why = topics.error().message() + "\n";
        co_await request.respond(boost::beast::http::status::bad_request, std::move(why));
        co_return;
    }
    const bool is_allowed =
        !options->allow || std::ranges::all_of(*topics, [&](const topic_options& each) {
            return options->allow(request.request(), each.name);
        });
    if (is_allowed) {
        serve_options stream = options->stream;
        stream.topics = *std::move(topics);
        request.detach_stream(events, std::move(stream));
    } else {
        co_await request.respond(boost::beast::http::status::forbidden);
    }
}

} // namespace

server::handler stream_handler(manager& events, stream_handler_options options) {
    const auto shared = std::make_shared<const stream_handler_options>(std::move(options));
    return [&events, shared](exchange& request) { return answer(request, events, shared); };
}

} // namespace crier
