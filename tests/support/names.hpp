#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

/// What `to_string` calls the values of an enum, one after the other, up to the first that has no
/// name.
template <class Enum>
std::vector<std::string> names_of(int first = 0) {
    std::vector<std::string> found;
    for (int value = first;; ++value) {
        std::string name{to_string(static_cast<Enum>(value))};
        if (name == "unknown") {
            return found;
        }
        found.push_back(std::move(name));
    }
}

using enum_names = std::vector<std::string>;

} // namespace crier::test
