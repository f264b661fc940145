#pragma once

#include "support/parsing.hpp"

#include <doctest/doctest.h>

#include <span>

namespace crier::test {

struct test_vector {
    const char* name; ///< with the file of the Web Platform Tests that states the same, if there is
    std::string stream;
    parsed expected{};
};

/// The parser gives what is expected in every split, and so does the reference that the fuzzer
/// compares with.
inline void check_vectors(std::span<const test_vector> vectors) {
    for (const auto& [name, stream, expected] : vectors) {
        CAPTURE(name);
        CHECK(reference(stream) == expected);
        for_each_split(stream, [&](const std::string& split, const pieces& input) {
            CAPTURE(split);
            CHECK(parse(input) == expected);
        });
    }
}

} // namespace crier::test
