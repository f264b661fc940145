#include "nats_api.hpp"

#include <crier/wire/errc.hpp>

#include <boost/json/parse.hpp>
#include <boost/system/errc.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace crier::detail {
namespace {

namespace json = boost::json;

constexpr int unavailable = 503;

/// Takes a number of so many digits off the text. Negative: there is none.
int take_number(std::string_view& text, std::size_t digits) noexcept {
    int number = -1;
    const std::string_view taken = text.substr(0, digits);
    const char* const end = taken.data() + taken.size();
    const bool is_whole =
        taken.size() == digits && std::from_chars(taken.data(), end, number).ptr == end;
    text.remove_prefix(taken.size());
    return is_whole ? number : -1;
}

/// As `take_number`, with what stands before it.
int take_number_after(std::string_view& text, char before, std::size_t digits) noexcept {
    if (!text.starts_with(before)) {
        return -1;
    }
    text.remove_prefix(1);
    return take_number(text, digits);
}

std::chrono::nanoseconds take_fraction(std::string_view& text) noexcept {
    std::int64_t fraction = 0;
    std::int64_t unit = std::nano::den;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        while (!text.empty() && '0' <= text[0] && text[0] <= '9') {
            constexpr int ten = 10;
            unit /= ten;
            fraction += (text[0] - '0') * unit;
            text.remove_prefix(1);
        }
    }
    return std::chrono::nanoseconds{fraction};
}

} // namespace

boost::system::error_code nats_refusal::error() const noexcept {
    namespace sys = boost::system::errc;
    constexpr std::array no_room{10'002, 10'023, 10'028, 10'047};
    constexpr int not_stored = 10'077;
    constexpr int too_great = 10'054;
    const bool is_full = reason == not_stored && (words.find("maximum") != words.npos ||
                                                     words.find("no space") != words.npos);
    if (is_full || std::ranges::find(no_room, reason) != no_room.end()) {
        return make_error_code(sys::no_space_on_device);
    }
    if (reason == too_great) {
        return make_error_code(sys::message_size);
    }
    return code == unavailable ? errc::journal_unavailable : errc::journal_unusable;
}

std::optional<nats_refusal> refusal_in(const json::object& answer) {
    const json::object* const error = nats_member(answer, "error");
    if (error == nullptr) {
        return std::nullopt;
    }
    return nats_refusal{static_cast<int>(nats_number(*error, "code")),
        static_cast<int>(nats_number(*error, "err_code")),
        std::string{nats_text(*error, "description")}};
}

std::optional<json::object> nats_object(std::string_view text) {
    boost::system::error_code error;
    json::value parsed = json::parse(text, error);
    if (error || !parsed.is_object()) {
        return std::nullopt;
    }
    return std::move(parsed.get_object());
}

boost::system::result<json::object> nats_call(nats_connection& on, std::string_view subject,
    std::string_view payload, std::chrono::milliseconds timeout) {
    const auto reply = on.request(subject, payload, timeout);
    if (!reply) {
        return reply.error();
    }
    if (reply->status() != 0) {
        return errc::journal_unavailable;
    }
    auto answer = nats_object(reply->payload());
    if (!answer) {
        return errc::journal_unusable;
    }
    const auto refusal = refusal_in(*answer);
    if (refusal && refusal->error() == errc::journal_unavailable) {
        return errc::journal_unavailable;
    }
    return std::move(*answer);
}

std::uint64_t nats_number(const json::object& in, std::string_view name) noexcept {
    const json::value* const found = in.if_contains(name);
    if (found == nullptr) {
        return 0;
    }
    if (const auto* const number = found->if_uint64()) {
        return *number;
    }
    const auto* const number = found->if_int64();
    return number != nullptr && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::string_view nats_text(const json::object& in, std::string_view name) noexcept {
    const json::value* const found = in.if_contains(name);
    const json::string* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view{} : std::string_view{text->data(), text->size()};
}

const json::object* nats_member(const json::object& in, std::string_view name) noexcept {
    const json::value* const found = in.if_contains(name);
    return found == nullptr ? nullptr : found->if_object();
}

std::optional<std::chrono::system_clock::time_point> nats_time(std::string_view text) noexcept {
    namespace chrono = std::chrono;
    constexpr std::size_t digits_of_year = 4;
    const chrono::year_month_day day{chrono::year{take_number(text, digits_of_year)},
        chrono::month{static_cast<unsigned>(take_number_after(text, '-', 2))},
        chrono::day{static_cast<unsigned>(take_number_after(text, '-', 2))}};
    const int hour = take_number_after(text, 'T', 2);
    const int minute = take_number_after(text, ':', 2);
    const int second = take_number_after(text, ':', 2);
    const chrono::nanoseconds fraction = take_fraction(text);
    const int sign = text.starts_with('+') ? 1 : text.starts_with('-') ? -1 : 0;
    const int hours_east = sign == 0 ? 0 : take_number_after(text, text[0], 2);
    const int minutes_east = sign == 0 ? 0 : take_number_after(text, ':', 2);
    if (!day.ok() || hour < 0 || minute < 0 || second < 0 || hours_east < 0 || minutes_east < 0 ||
        text != (sign == 0 ? "Z" : "")) {
        return std::nullopt;
    }
    const chrono::minutes east = sign * (chrono::hours{hours_east} + chrono::minutes{minutes_east});
    return chrono::sys_days{day} + chrono::hours{hour} + chrono::minutes{minute} +
           chrono::seconds{second} + fraction - east;
}

} // namespace crier::detail
