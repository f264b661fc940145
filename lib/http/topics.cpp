#include "topics.hpp"

#include <crier/wire/errc.hpp>

#include "asked.hpp"
#include "query.hpp"
#include "target.hpp"
#include "wire/percent.hpp"
#include "wire/text.hpp"

#include <set>
#include <utility>

namespace crier {
namespace detail {
namespace {

constexpr std::string_view last_event_id_name = "last_event_id";

bool is_topic(std::string_view name) noexcept {
    return is_utf8(name) && name.find('\0') == name.npos;
}

} // namespace

boost::system::result<std::string> topic_of(std::string_view path, std::string_view query) {
    auto topic = without_escapes(path);
    if (topic) {
        *topic += query_without(query, last_event_id_name);
    }
    if (!topic || !is_topic(*topic)) {
        return errc::invalid_topic;
    }
    return *std::move(topic);
}

boost::system::result<std::vector<topic_options>> topics_of(std::string_view query) {
    std::vector<topic_options> topics;
    std::set<std::string> seen;
    for (std::string& name : query_values(query, "topic")) {
        if (!is_topic(name)) {
            return errc::invalid_topic;
        }
        if (seen.insert(name).second) {
            topics.emplace_back().name = std::move(name);
        }
    }
    return topics;
}

std::string last_event_id_in(std::string_view query) {
    auto values = query_values(query, last_event_id_name);
    return values.empty() ? std::string{} : std::move(values.front());
}

} // namespace detail

boost::system::result<std::string> topic_of(const request_head& head) {
    const auto [path, query] = detail::split_target(head.target);
    return detail::topic_of(path, query);
}

boost::system::result<std::vector<topic_options>> topics_of(const request_head& head) {
    return detail::topics_of(detail::split_target(head.target).query);
}

std::string last_event_id_of(const request_head& head) { return detail::ask(head).last_event_id; }

} // namespace crier
