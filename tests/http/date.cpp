#include "http/date.hpp"

#include <doctest/doctest.h>

#include <clocale>

using crier::detail::http_date;
using std::chrono::seconds;
using std::chrono::system_clock;

TEST_CASE("a date is written as HTTP has it, whatever the locale") {
    std::setlocale(LC_ALL, "");
    CHECK(http_date(system_clock::time_point{}) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(http_date(system_clock::time_point{seconds{784'111'777}}) ==
          "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(http_date(system_clock::time_point{seconds{951'827'696}}) ==
          "Tue, 29 Feb 2000 12:34:56 GMT");
    CHECK(http_date(system_clock::time_point{seconds{4'102'444'799}}) ==
          "Thu, 31 Dec 2099 23:59:59 GMT");
}
