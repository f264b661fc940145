#pragma once

#include "publisher.hpp"
#include "sighting.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace crier::model {

/// All events that are known to be published: they were acknowledged, or somebody has received
/// them. Then all others have to receive them too.
class ledger {
public:
    using by_sequence = std::map<std::uint64_t, origin>;

    void add(std::uint32_t publisher, const std::vector<note>& notes);
    void add(const sightings& seen);

    /// All that the epoch has.
    const by_sequence& of(std::uint64_t epoch) const;
    std::size_t size() const noexcept { return ids_.size(); }
    std::size_t epochs() const noexcept { return events_.size(); }
    /// What no two publishers or readers can have seen.
    const std::vector<std::string>& complaints() const noexcept { return complaints_; }

private:
    using key = std::pair<std::uint32_t, std::uint32_t>;

    void add(event_id at, const origin& from);
    bool is_published(const origin& from) const;

    std::map<std::uint32_t, const std::vector<note>*> notes_;
    std::map<std::uint64_t, by_sequence> events_;
    std::map<key, event_id> ids_;
    std::set<key> denied_;
    std::vector<std::string> complaints_;
};

} // namespace crier::model
