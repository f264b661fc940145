#include "reader.hpp"

#include "support/event_reader.hpp"

#include <boost/json/parse.hpp>

#include <utility>

namespace crier::model {
namespace {

item item_of(const test::received& from) {
    item made;
    made.id = parse_event_id(from.id).value_or(event_id{});
    made.data = from.data;
    if (from.type == "crier.signal") {
        made.is = item::kind::signal;
    } else if (from.type == "crier.gap") {
        made.is = item::kind::gap;
        const auto told = boost::json::parse(from.data).as_object();
        const auto id_in = [&told](const char* name) {
            return parse_event_id(std::string_view{told.at(name).as_string()}).value_or(event_id{});
        };
        made.gap_from = id_in("from");
        made.gap_to = id_in("to");
        made.is_overflow = told.at("reason") == "overflow";
        if (const auto* const count = told.if_contains("count")) {
            made.gap_count = count->to_number<std::uint64_t>();
        }
    }
    return made;
}

} // namespace

reader::reader(std::vector<std::size_t> topics, std::string query, bool conflates)
    : target_{"/?" + std::move(query)} {
    for (const std::size_t topic : topics) {
        target_ += "&topic=t" + std::to_string(topic);
    }
    record_.topics = std::move(topics);
    record_.conflates = conflates;
}

void reader::keep(std::string_view body, bool has_left) {
    const test::event_reader stream{body};
    connection& seen = record_.connections.emplace_back(connection{last_event_id_});
    seen.has_left = has_left;
    for (const test::received& each : stream.events) {
        last_event_id_ = each.id;
        // What is of no known type is nothing to a page either.
        if (each.type == "message" || each.type.starts_with("crier.")) {
            seen.items.push_back(item_of(each));
        }
    }
}

} // namespace crier::model
