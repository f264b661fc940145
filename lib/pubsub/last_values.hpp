#pragma once

#include <crier/pubsub/secret_hash.hpp>

#include "history.hpp"
#include "wire/frame_access.hpp"

#include <boost/multi_index/global_fun.hpp>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crier::detail {

inline std::string_view key_of(const record& kept) noexcept {
    return frame_access::key(kept.content);
}

/// The newest event of each key, in the order of their sequence.
class last_values {
public:
    /// What came before `since` may be missing.
    last_values(std::size_t most, std::uint64_t since, memory_account_ptr account)
        : most_{most}, evicted_through_{since}, account_{std::move(account)} {}
    last_values(const last_values&) = delete;
    last_values& operator=(const last_values&) = delete;
    ~last_values();

    /// Of too many keys the one goes that was published least recently. Nothing changes where it
    /// throws.
    void put(const record& added);
    void evict_oldest() noexcept;
    void evict(std::string_view key) noexcept;

    /// Puts an older value where its key has none.
    void restore(const record& older);
    void restore_evicted(std::uint64_t through) noexcept {
        evicted_through_ = std::max(evicted_through_, through);
    }

    /// An event that is not kept, of that key.
    void miss(std::string_view key, std::uint64_t sequence) noexcept;

    /// Up to which number events of keys may be missing that have no newer one here.
    std::uint64_t evicted_through() const noexcept { return evicted_through_; }

    const record* first_after(std::uint64_t sequence) const noexcept;
    std::size_t size() const noexcept { return records_.size(); }
    bool empty() const noexcept { return records_.empty(); }

private:
    template <class Index, class Iterator>
    void evict(Index& from, Iterator at) noexcept;

    std::size_t most_;
    std::uint64_t evicted_through_;
    boost::multi_index_container<record,
        boost::multi_index::indexed_by<boost::multi_index::ordered_unique<boost::multi_index::
                                               member<record, std::uint64_t, &record::sequence>>,
            boost::multi_index::hashed_unique<
                boost::multi_index::global_fun<const record&, std::string_view, &key_of>,
                secret_hash>>>
        records_;
    memory_account_ptr account_;
};

} // namespace crier::detail
