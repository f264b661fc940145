#include <crier/pubsub/event_id.hpp>

#include "id_text.hpp"

#include <charconv>
#include <ostream>

namespace crier {
namespace {

/// The one way of writing a number: without capitals and leading zeros.
std::optional<std::uint64_t> read_base36(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), end, number, 36);
    const bool is_plain = text.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == text.npos &&
                          (text == "0" || !text.starts_with('0'));
    return read.ec == std::errc{} && read.ptr == end && is_plain ? std::optional{number}
                                                                 : std::nullopt;
}

} // namespace

std::string to_string(event_id id) { return std::string{detail::id_text{id}.view()}; }

std::ostream& operator<<(std::ostream& to, event_id id) { return to << to_string(id); }

std::optional<event_id> parse_event_id(std::string_view text) noexcept {
    const std::size_t dot = text.find('.');
    if (dot == text.npos) {
        return std::nullopt;
    }
    const auto epoch = read_base36(text.substr(0, dot));
    const auto sequence = read_base36(text.substr(dot + 1));
    return epoch && sequence ? std::optional{event_id{*epoch, *sequence}} : std::nullopt;
}

} // namespace crier
