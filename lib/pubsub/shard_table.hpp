#pragma once

#include "shard.hpp"

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace crier::detail {

/// The shards of a manager by their executors. Guarded by the manager's lock.
class shard_table {
public:
    shard_table(std::shared_ptr<const logger> log, std::shared_ptr<counters> all_counts) noexcept
        : log_{std::move(log)}, all_counts_{std::move(all_counts)} {}

    /// The shard of an executor, a new one if there is none.
    std::shared_ptr<shard> at(
        const boost::asio::any_io_executor& executor, const std::weak_ptr<shed_listener>& listener);

    /// Calls `use` with each that there is.
    template <class Use>
    void for_each(Use use) {
        for (const auto& [hash, each] : shards_) {
            if (const std::shared_ptr<shard> there = each.lock()) {
                use(*there);
            }
        }
    }

private:
    const std::shared_ptr<const logger> log_;
    const std::shared_ptr<counters> all_counts_;
    std::unordered_multimap<std::size_t, std::weak_ptr<shard>> shards_; ///< by executors' hashes
    std::size_t sweep_at_ = 64;
};

} // namespace crier::detail
