#pragma once

#include <boost/intrusive/slist.hpp>

namespace crier::detail {

class shard;

/// Something to be done once on a shard, in its order. What leaving needs is part of what entered:
/// so is its task, and putting it into an inbox needs no memory.
class task : public boost::intrusive::slist_base_hook<> {
public:
    virtual void run(shard& on) noexcept = 0;

    /// Lets go of it, whether it has been run or not.
    virtual void release() noexcept = 0;

protected:
    ~task() = default;
};

using task_list = boost::intrusive::slist<task, boost::intrusive::cache_last<true>>;

inline void release_all(task_list& tasks) noexcept {
    while (!tasks.empty()) {
        task& first = tasks.front();
        tasks.pop_front();
        first.release();
    }
}

} // namespace crier::detail
