#include "gap.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <string_view>

namespace cat {
namespace {

namespace json = boost::json;

constexpr std::pair<std::string_view, std::string_view> reasons[] = {
    {"evicted", "the server no longer has them"},
    {"epoch", "the server was restarted"},
    {"future", "the server has not given the last event id yet"},
    {"invalid", "the last event id is not one of the server's"},
    {"overflow", "they were not read as fast as they came"},
};

std::string in_words(const json::value& value) {
    return value.is_string() ? std::string{value.as_string()} : json::serialize(value);
}

std::string field(const json::object& of, std::string_view name) {
    const json::value* const found = of.if_contains(name);
    return found == nullptr || found->is_null() ? "" : in_words(*found);
}

std::string explain(const std::string& reason) {
    const auto* const found =
        std::ranges::find(reasons, reason, [](const auto& each) { return each.first; });
    if (found != std::end(reasons)) {
        return ": " + std::string{found->second} + " (" + reason + ')';
    }
    return reason.empty() ? "" : ": " + reason;
}

} // namespace

std::string explain_gap(const crier::event& told) {
    if (told.type != "crier.gap") {
        return {};
    }
    boost::system::error_code error;
    const json::value parsed = json::parse(told.data, error);
    if (error || !parsed.is_object()) {
        return "events were lost: " + told.data;
    }
    const json::object& details = parsed.as_object();
    const std::string count = field(details, "count");
    const std::string from = field(details, "from");
    const std::string to = field(details, "to");
    std::string text =
        count.empty() ? "events were" : count + (count == "1" ? " event was" : " events were");
    text += " lost";
    text += from.empty() ? "" : ", from " + from;
    text += to.empty() ? "" : " to " + to;
    return text + explain(field(details, "reason"));
}

} // namespace cat
