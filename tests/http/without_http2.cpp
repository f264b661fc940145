#include "http/http2.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

TEST_CASE(
    "HTTP/2 that is not built in is not there by default, and refused where it is asked for") {
    CHECK_FALSE(crier::http2_if_built());
    crier::http2_options asked;
    CHECK_THROWS_WITH_AS(crier::detail::check_http2(asked),
        "this crier is built without HTTP/2: it needs nghttp2, and -Dhttp2=enabled",
        std::invalid_argument);
}
