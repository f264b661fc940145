#include "date.hpp"

#include <array>
#include <cstdio>

namespace crier::detail {

// Not by the library's formats, whose names of days are those of the program's locale.
std::string http_date(std::chrono::system_clock::time_point time) {
    using namespace std::chrono;
    constexpr const char* weekdays[]{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[]{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss hour{floor<seconds>(time) - day};
    std::array<char, 64> text{};
    const int size = std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
        weekdays[weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
        months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
        static_cast<int>(hour.hours().count()), static_cast<int>(hour.minutes().count()),
        static_cast<int>(hour.seconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace crier::detail
