#include "decision.hpp"

#include <crier/wire/errc.hpp>

#include "response.hpp"
#include "topics.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace crier {

void check_options(const serve_options& options) {
    check_options(options.cors);
    if (options.retry && (options.retry->count() < 0 ||
                             options.retry->count() > std::numeric_limits<std::int32_t>::max())) {
        throw std::invalid_argument{make_error_code(errc::invalid_retry).message()};
    }
    detail::check_fields(options.fields);
    if (options.send_buffer == 0) {
        throw std::invalid_argument{"send_buffer is 0; a few KB are the least that makes sense"};
    }
}

} // namespace crier

namespace crier::detail {
namespace {

/// What is wrong with the topics, if anything.
std::string_view fault_of(const std::vector<topic_options>& topics, const manager_options& limits) {
    const auto is_too_long = [&limits](const topic_options& each) {
        return each.name.size() > limits.name_bytes;
    };
    return topics.size() > limits.topics_limit      ? "too many topics"
         : std::ranges::any_of(topics, is_too_long) ? "topic name is too long"
                                                    : "";
}

boost::system::result<std::vector<topic_options>> take_topics(
    const asked& request, serve_options& options) {
    if (!options.topics.empty()) {
        return std::move(options.topics);
    }
    std::vector<topic_options> topics(1);
    if (options.topic.empty()) {
        auto named = topic_of(request.path, request.query);
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

std::optional<reply> reply_to(
    const asked& request, const permission& pages, const response_fields& fields) {
    const std::optional<refusal>& refused = request.unsafe     ? request.unsafe
                                          : pages.is_preflight ? pages.refused
                                                               : request.no_stream;
    if (refused) {
        return refuse(*refused, fields, request.style);
    }
    return pages.is_preflight ? std::optional{allow(fields)} : std::nullopt;
}

decision decide(const asked& request, serve_options options, const manager_options& limits,
    response_fields cors_fields) {
    permission pages = permit(options.cors, request);
    decision made;
    made.fields = options.cors.origins.empty() ? std::move(cors_fields) : std::move(pages.fields);
    made.instead = reply_to(request, pages, made.fields);
    if (made.instead) {
        return made;
    }
    made.style = request.style;
    auto topics = take_topics(request, options);
    const std::string fault =
        topics ? std::string{fault_of(*topics, limits)} : topics.error().message();
    if (!fault.empty()) {
        made.instead = refuse({400, fault}, made.fields, made.style);
        return made;
    }
    made.as = coding_of(request.version);
    response_fields header = made.fields;
    std::ranges::move(options.fields, std::back_inserter(header));
    if (request.style.head_only) {
        made.instead = begin_only(made.as, header);
        return made;
    }
    made.opening = stream_opening(made.as, header, options.retry);
    made.topics = *std::move(topics);
    made.options.queue = options.queue;
    made.options.last_event_id = request.last_event_id;
    made.on_gap = std::move(options.on_gap);
    made.send_buffer = options.send_buffer;
    return made;
}

} // namespace crier::detail
