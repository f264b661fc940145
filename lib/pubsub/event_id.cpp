#include <crier/pubsub/event_id.hpp>

#include <charconv>
#include <ostream>

namespace crier {
namespace {

/// Digits of a number of 64 bits in base 36.
constexpr std::size_t most_digits = 13;

void put_base36(std::string& to, std::uint64_t number) {
    char digits[most_digits];
    to.append(digits, std::to_chars(digits, digits + most_digits, number, 36).ptr);
}

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

std::string to_string(event_id id) {
    std::string text;
    put_base36(text, id.epoch);
    text.push_back('.');
    put_base36(text, id.sequence);
    return text;
}

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
