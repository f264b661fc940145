#pragma once

#include <crier/async/clock.hpp>

#include "wire/memory_account.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {

/// Names of topics that were closed, each for a time: who asks for one of them is to stay away.
/// Guarded by the manager's lock.
class closed_topics {
public:
    closed_topics(std::chrono::milliseconds time, const memory_account_ptr& account)
        : time_{time},
          order_{closings::allocator_type{account}},
          names_{places::allocator_type{account}} {}

    /// Nothing changes where it throws.
    void note(std::string_view name, clock::time_point now);

    bool has(std::string_view name, clock::time_point now) const noexcept;

    void remove(std::string_view name) noexcept;

private:
    struct closing {
        clock::time_point over;
        std::string name;
    };
    /// The oldest first, whose time is over first.
    using closings = std::list<closing, counting_allocator<closing>>;
    /// By names in the list.
    using places = std::map<std::string_view, closings::iterator, std::less<>,
        counting_allocator<std::pair<const std::string_view, closings::iterator>>>;

    const std::chrono::milliseconds time_;
    closings order_;
    places names_;
};

} // namespace crier::detail
