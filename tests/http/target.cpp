#include "http/target.hpp"

#include "http/percent.hpp"

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

using crier::detail::escape_at;
using crier::detail::is_absolute;
using crier::detail::split_target;
using crier::detail::without_escapes;

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

TEST_CASE("an escape is a percent sign and two hexadecimal digits") {
    CHECK(escape_at("%41") == 'A');
    CHECK(escape_at("%41%42") == 'A');
    CHECK(escape_at("%fF") == '\xff');
    for (const char* text : {"", "%", "%4", "A41", "%4g", "%g4", "%+4", "%-4", "% 4", "%0x"}) {
        CAPTURE(text);
        CHECK_FALSE(escape_at(text));
    }
}

TEST_CASE("a text is without escapes only if all of them are whole") {
    CHECK(without_escapes("").value().empty());
    CHECK(without_escapes("a%20b+%2541").value() == "a b+%41");
    CHECK(without_escapes("%00").value() == std::string(1, '\0'));
    for (const char* text : {"%", "a%", "%4", "%%41", "%41%"}) {
        CAPTURE(text);
        CHECK_FALSE(without_escapes(text));
    }
}
