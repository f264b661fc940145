#pragma once

#include "read_all.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace crier::test {

/// Takes steps until a condition holds, for what other threads bring about; false when it does not.
template <class Step, class Condition>
bool eventually(Step step, Condition holds) {
    for (int i = 0; i < 5'000; ++i) {
        step();
        if (holds()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return false;
}

/// The next so many events of a subscription, as `read_all` gives them.
template <class Step>
std::vector<std::string> read_next(context& test, subscription& from, std::size_t most, Step step) {
    std::vector<std::string> all;
    eventually(step, [&] {
        for (const std::string& each : read_all(test, from)) {
            all.push_back(each);
        }
        return all.size() >= most;
    });
    return all;
}

} // namespace crier::test
