#include "http/query.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using crier::detail::query_values;
using crier::detail::query_without;

TEST_CASE("the values of a name come in their order, decoded as a form's") {
    using values = std::vector<std::string>;
    CHECK(query_values("a=1&b=2&a=3", "a") == values{"1", "3"});
    CHECK(query_values("a=x+y%2B%26&%61=%zz%", "a") == values{"x y+&", "%zz%"});
    CHECK(query_values("a&a=&a==", "a") == values{"", "", "="});
    CHECK(query_values("", "a").empty());
    CHECK(query_values("&&aa=1&A=2", "a").empty());
    CHECK(query_values("=1", "") == values{"1"});
}

TEST_CASE("a query without a name is as it was sent") {
    CHECK(query_without("a=1&b=%20&c", "a") == "?b=%20&c");
    CHECK(query_without("b=+&a=1&%61=2", "a") == "?b=+");
    CHECK(query_without("a=1", "a").empty());
    CHECK(query_without("", "a").empty());
    CHECK(query_without("aa=1", "a") == "?aa=1");
}
