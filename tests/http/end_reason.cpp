#include "http/end_reason.hpp"

#include <crier/wire/errc.hpp>

#include <boost/asio/error.hpp>
#include <doctest/doctest.h>

#include <set>
#include <string_view>

using crier::end_reason;
using crier::errc;
using crier::detail::end_reason_of;

TEST_CASE("every reason has a name of its own") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < crier::end_reasons; ++i) {
        names.insert(to_string(static_cast<end_reason>(i)));
    }
    CHECK(names.size() == crier::end_reasons);
    CHECK_FALSE(names.contains("unknown"));
    CHECK(to_string(static_cast<end_reason>(crier::end_reasons)) == "unknown");
}

TEST_CASE("the error that ends a stream tells the reason") {
    CHECK(end_reason_of(errc::client_left) == end_reason::client_left);
    CHECK(end_reason_of(errc::stalled) == end_reason::stalled);
    CHECK(end_reason_of(errc::shut_down) == end_reason::shutdown);
    CHECK(end_reason_of(errc::closed) == end_reason::ended);
    CHECK(end_reason_of(errc::overflow) == end_reason::overflow);
    CHECK(end_reason_of(boost::asio::error::operation_aborted) == end_reason::cancelled);
    CHECK(end_reason_of(boost::asio::error::connection_reset) == end_reason::write_error);
    CHECK(end_reason_of(errc::bad_request) == end_reason::write_error);
}
