#include "date.hpp"

#include <cstdint>

namespace crier::detail {
namespace {

std::string two_digits(std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

} // namespace

// Not by the library's formats, whose names of days are those of the program's locale.
std::string http_date(std::chrono::system_clock::time_point time) {
    using namespace std::chrono;
    constexpr const char* weekdays[]{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[]{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss hour{floor<seconds>(time) - day};
    std::string text = weekdays[weekday{day}.c_encoding()];
    text.append(", ").append(two_digits(static_cast<unsigned>(date.day())));
    text.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]);
    text.append(" ").append(std::to_string(static_cast<int>(date.year())));
    text.append(" ").append(two_digits(hour.hours().count()));
    text.append(":").append(two_digits(hour.minutes().count()));
    text.append(":").append(two_digits(hour.seconds().count()));
    return text.append(" GMT");
}

} // namespace crier::detail
