#include <crier/http/serve.hpp>

#include "query.hpp"
#include "wire/field_text.hpp"

#include <algorithm>

namespace crier {
namespace {

constexpr std::string_view cursor_name = "last_event_id";

} // namespace

std::string topic_of(const request_head& head) {
    return detail::without_query_value(head.target, cursor_name);
}

std::vector<topic_options> topics_of(const request_head& head) {
    std::vector<topic_options> topics;
    for (std::string& name : detail::query_values(head.target, "topic")) {
        if (std::ranges::find(topics, name, &topic_options::name) == topics.end()) {
            topics.emplace_back().name = std::move(name);
        }
    }
    return topics;
}

std::string last_event_id_of(const request_head& head) {
    for (const auto& [name, value] : head.fields) {
        if (detail::same(name, "Last-Event-ID") && !value.empty()) {
            return std::string{value};
        }
    }
    const auto values = detail::query_values(head.target, cursor_name);
    return values.empty() ? std::string{} : values.front();
}

} // namespace crier
