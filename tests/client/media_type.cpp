#include "client/media_type.hpp"

#include <doctest/doctest.h>

#include <utility>

using crier::detail::media_type_of;

TEST_CASE("of a list of media types the last valid one counts") {
    const std::pair<const char*, const char*> cases[] = {
        {"", ""},
        {"a/b", "a/b"},
        {" a/B ; c=d", "a/B"},
        {"a/b;", "a/b"},
        {"a/b, c/d", "c/d"},
        {"a/b, */*", "a/b"},
        {"a/b, */*;q=1, ,", "a/b"},
        {"*/*", ""},
        {"*/b", "*/b"},
        {"a/b, a, a/, /b, a/b/c, a b/c, a/b c", "a/b"},
        // A comma in quotes is none, and an escaped quote does not end them.
        {"a/b; x=\", c/d\"", "a/b"},
        {"a/b; x=\"\\\", c/d\"", "a/b"},
        {"a/b; x=\"\\\\\", c/d", "c/d"},
        {"a/b; x=\"y\", c/d", "c/d"},
        {"a/b; x=\", c/d", "a/b"},
        {"a/b; x=\"\\", "a/b"},
        {"a/b; x=\"", "a/b"},
    };
    for (const auto& [list, expected] : cases) {
        CAPTURE(list);
        CHECK(media_type_of(list) == expected);
    }
}
