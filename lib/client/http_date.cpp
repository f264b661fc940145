#include "http_date.hpp"

#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace crier::detail {

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
    constexpr std::size_t size = std::string_view{"Sun, 06 Nov 1994 08:49:37 GMT"}.size();
    std::tm date{};
    std::istringstream in{std::string{text}};
    in.imbue(std::locale::classic());
    in >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
    if (in.fail() || text.size() != size) {
        return std::nullopt;
    }
    return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&date)}};
}

} // namespace crier::detail
