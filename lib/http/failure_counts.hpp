#pragma once

#include <crier/async/clock.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace crier::detail {

/// Counts failures that anybody can bring about, by kind, and tells of them once a minute at most.
///
/// Thread safety: any thread.
class failure_counts {
public:
    /// Notes one. What there is to be told, such as "2 unknown ca, 1 http request"; empty: it is
    /// not time yet. Throws `std::bad_alloc`.
    std::string add(std::string_view kind, clock::time_point now);

private:
    std::mutex mutex_;
    std::map<std::string, std::size_t, std::less<>> counts_;
    clock::time_point next_ = clock::time_point::min();
};

} // namespace crier::detail
