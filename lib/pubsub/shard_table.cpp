#include "shard_table.hpp"

#include "async/executors.hpp"

#include <algorithm>

namespace crier::detail {

std::shared_ptr<shard> shard_table::at(
    const boost::asio::any_io_executor& executor, const std::weak_ptr<shed_listener>& listener) {
    const std::size_t hash = hash_of(executor);
    const auto [first, last] = shards_.equal_range(hash);
    for (auto at = first; at != last; ++at) {
        if (auto known = at->second.lock(); known && known->get_executor() == executor) {
            return known;
        }
    }
    if (shards_.size() >= sweep_at_) {
        std::erase_if(shards_, [](const auto& each) { return each.second.expired(); });
        sweep_at_ = std::max<std::size_t>(64, 2 * shards_.size());
    }
    auto added = std::make_shared<shard>(executor, log_, all_counts_, listener);
    shards_.emplace(hash, added);
    return added;
}

} // namespace crier::detail
