#include <crier/http/stream_handler.hpp>

#include <algorithm>
#include <memory>

namespace crier {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> answer(
    exchange& request, manager& events, std::shared_ptr<const stream_handler_options> options) {
    const request_head head = head_of(request.request());
    serve_options stream = options->stream;
    stream.topics = topics_of(head);
    if (stream.topics.empty()) {
        stream.topics.emplace_back().name = topic_of(head);
    }
    const bool is_allowed =
        !options->allow || std::ranges::all_of(stream.topics, [&](const topic_options& each) {
            return options->allow(request.request(), each.name);
        });
    if (is_allowed) {
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
