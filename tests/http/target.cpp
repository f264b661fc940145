#include "http/target.hpp"

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

using crier::detail::is_absolute;
using crier::detail::split_target;

TEST_CASE("a target is absolute that begins with a scheme") {
    for (const char* target : {"http://a", "HTTPS://a/b", "a+b-c.1://", "http://"}) {
        CAPTURE(target);
        CHECK(is_absolute(target));
    }
    for (const char* target : {"", "/", "*", "://a", "/://a", "a:80", "a/b://c", "http:/a"}) {
        CAPTURE(target);
        CHECK_FALSE(is_absolute(target));
    }
}

TEST_CASE("a target is split at its first question mark") {
    for (const auto& [target, path, query] :
        std::vector<std::tuple<const char*, const char*, const char*>>{{"/a?b?c", "/a", "b?c"},
            {"/a", "/a", ""}, {"/a?", "/a", ""}, {"*", "*", ""}, {"", "/", ""},
            {"http://a:80/b?c", "/b", "c"}, {"http://a", "/", ""}, {"http://a?/b", "/", "/b"},
            {"http://a/b://c", "/b://c", ""}}) {
        CAPTURE(target);
        CHECK(split_target(target).path == path);
        CHECK(split_target(target).query == query);
    }
}
