#include "client/dot_segments.hpp"

#include <doctest/doctest.h>

#include <utility>

using crier::detail::without_dot_segments;

TEST_CASE("a path is walked, and what it encodes stays as it is") {
    const std::pair<const char*, const char*> cases[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/b/", "/a/b/"},
        {"//a//b//", "//a//b//"},
        {"/a%2fb/%2F..%2f/%41%2e", "/a%2fb/%2F..%2f/%41%2e"},
        // One dot is here.
        {"/.", "/"},
        {"/./", "/"},
        {"/a/.", "/a/"},
        {"/a/./b", "/a/b"},
        // Two are the parent, of which the root has none.
        {"/..", "/"},
        {"/../", "/"},
        {"/../../g", "/g"},
        {"/a/..", "/"},
        {"/a/../", "/"},
        {"/a/b/..", "/a/"},
        {"/a/b/../c", "/a/c"},
        {"/a/b/../../../c", "/c"},
        {"/a/./.././b/.", "/b/"},
        // An empty segment is one too.
        {"/a//../b", "/a/b"},
        {"/a/..//b", "//b"},
        {"//..", "/"},
        {"/.//a", "//a"},
        // A dot may be encoded.
        {"/a/%2e/b", "/a/b"},
        {"/a/%2E%2e/b", "/b"},
        {"/a/.%2E/b", "/b"},
        {"/a/%2e.", "/"},
        // All else is a name.
        {"/...", "/..."},
        {"/%2e%2e%2e/a", "/%2e%2e%2e/a"},
        {"/.a/..b/c../d.", "/.a/..b/c../d."},
        {"/..;/a", "/..;/a"},
        {"/%252e/%2/%", "/%252e/%2/%"},
    };
    for (const auto& [path, expected] : cases) {
        CAPTURE(path);
        CHECK(without_dot_segments(path) == expected);
    }
}
