#include <crier/pubsub/gap.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

namespace crier {
namespace {

namespace json = boost::json;

constexpr std::string_view type_of_gaps = "crier.gap";

json::string_view in_json(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// What none of the names is gives none.
std::optional<gap_reason> parse_reason(std::string_view name) noexcept {
    for (std::size_t each = 0; each < gap_reasons; ++each) {
        const auto reason = static_cast<gap_reason>(each);
        if (name == to_string(reason)) {
            return reason;
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> text_of(const json::object& data, std::string_view name) noexcept {
    const json::value* const found = data.if_contains(in_json(name));
    const json::string* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::nullopt
                           : std::optional{std::string_view{text->data(), text->size()}};
}

/// The count may be left out, but not be what no count is.
bool read_count(const json::object& data, std::optional<std::uint64_t>& count) {
    const json::value* const found = data.if_contains("count");
    if (found == nullptr) {
        return true;
    }
    boost::system::error_code error;
    const auto number = found->to_number<std::uint64_t>(error);
    if (error || found->is_double()) {
        return false;
    }
    count = number;
    return true;
}

} // namespace

std::string_view to_string(gap_reason reason) noexcept {
    switch (reason) {
    case gap_reason::evicted: return "evicted";
    case gap_reason::epoch: return "epoch";
    case gap_reason::future: return "future";
    case gap_reason::invalid: return "invalid";
    case gap_reason::overflow: return "overflow";
    }
    return "unknown";
}

event to_event(const gap& lost) {
    const std::string to = to_string(lost.to);
    json::object data{{"reason", in_json(to_string(lost.reason))}, {"from", lost.from}, {"to", to}};
    if (lost.count) {
        data["count"] = *lost.count;
    }
    event made;
    made.type.append(type_of_gaps);
    made.data = json::serialize(data);
    made.id = lost.id ? to_string(*lost.id) : to;
    return made;
}

std::optional<gap> parse_gap(const event& received) {
    constexpr std::size_t most = 4'096;
    if (received.type != type_of_gaps || received.data.size() > most) {
        return std::nullopt;
    }
    boost::system::error_code error;
    const json::value parsed = json::parse(in_json(received.data), error);
    const json::object* const data = error ? nullptr : parsed.if_object();
    if (data == nullptr) {
        return std::nullopt;
    }
    const auto reason = parse_reason(text_of(*data, "reason").value_or(""));
    const auto from = text_of(*data, "from");
    const auto to = parse_event_id(text_of(*data, "to").value_or(""));
    std::optional<std::uint64_t> count;
    if (!reason || !from || !to || !read_count(*data, count)) {
        return std::nullopt;
    }
    return gap{*reason, std::string{*from}, *to, count, parse_event_id(received.id)};
}

} // namespace crier
