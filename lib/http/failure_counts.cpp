#include "failure_counts.hpp"

#include <chrono>

namespace crier::detail {

std::string failure_counts::add(std::string_view kind, clock::time_point now) {
    // The kinds come from a library, which has many.
    constexpr std::size_t most_kinds = 32;
    const std::lock_guard lock{mutex_};
    if (counts_.size() >= most_kinds && counts_.find(kind) == counts_.end()) {
        kind = "others";
    }
    ++counts_[std::string{kind}];
    if (now < next_) {
        return {};
    }
    next_ = now + std::chrono::minutes{1};
    std::string told;
    for (const auto& [each, count] : counts_) {
        told += (told.empty() ? "" : ", ") + std::to_string(count) + " " + each;
    }
    counts_.clear();
    return told;
}

} // namespace crier::detail
