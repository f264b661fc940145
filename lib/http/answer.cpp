#include "answer.hpp"

#include "response.hpp"

#include <utility>

namespace crier::detail {
namespace {

/// The answer to what is no request for a stream.
std::optional<answer> answer_instead(const request_head& head, const cors_options& cors) {
    const bool preflight = !cors.origins.empty() && is_preflight(head);
    std::optional<refusal> refused = check_framing(head);
    if (!refused) {
        refused = preflight ? check_preflight(cors, head) : check_stream_request(head);
    }
    if (refused) {
        return refuse(*refused, head, cors);
    }
    return preflight ? std::optional{answer{
                           end_reason::preflight, preflight_response(preflight_fields(cors, head))}}
                     : std::nullopt;
}

boost::system::result<std::vector<topic_options>> asked_topics(
    const request_head& head, serve_options& options) {
    if (!options.topics.empty()) {
        return std::move(options.topics);
    }
    std::vector<topic_options> topics(1);
    if (options.topic.empty()) {
        auto named = topic_of(head);
        if (!named) {
            return named.error();
        }
        options.topic = *std::move(named);
    }
    topics[0].name = std::move(options.topic);
    topics[0].polling = std::move(options.polling);
    topics[0].only_changes = options.only_changes;
    return topics;
}

} // namespace

answer refuse(const refusal& refused, const request_head& head, const cors_options& cors) {
    const bool preflight = !cors.origins.empty() && is_preflight(head);
    std::string response = refusal_response(
        refused, preflight ? preflight_fields(cors, head) : cors_fields(cors, head));
    if (head.method == "HEAD") {
        response.resize(response.find("\r\n\r\n") + 4);
    }
    return {end_reason::refused, std::move(response)};
}

decision decide(const request_head& head, serve_options& options, std::size_t topics_limit) {
    decision made;
    made.instead = answer_instead(head, options.cors);
    if (made.instead) {
        return made;
    }
    auto topics = asked_topics(head, options);
    if (!topics) {
        const std::string reason = topics.error().message();
        made.instead = refuse({400, reason}, head, options.cors);
        return made;
    }
    if (topics->size() > topics_limit) {
        made.instead = refuse({400, "too many topics"}, head, options.cors);
        return made;
    }
    made.topics = *std::move(topics);
    made.where.queue = options.queue;
    made.where.last_event_id = last_event_id_of(head);
    return made;
}

} // namespace crier::detail
