#pragma once

#include <crier/pubsub/journal.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace crier::detail {

/// What a topic retains, of the entries that it is given in their order.
class nats_values {
public:
    /// Of more keys, those go that were published least recently.
    static constexpr std::size_t most_keys = 10'000;

    explicit nats_values(retention retain) noexcept : retain_{retain} {}

    void take(journal_record&& entry);

    bool empty() const noexcept { return values_.empty(); }

    /// Up to here values were forgotten that had no newer one of their key.
    std::uint64_t forgotten_through() const noexcept { return forgotten_through_; }

    /// Moves those after a number into a page, at most so many, and no more once there are so many
    /// bytes of text. Whether those were all.
    bool give(journal_page& to, std::uint64_t after, std::size_t events, std::size_t bytes);

private:
    void forget(const std::string& key);
    void forget_all(std::uint64_t through);

    retention retain_;
    std::map<std::uint64_t, journal_record> values_;
    std::map<std::string, std::uint64_t, std::less<>> numbers_; ///< by key
    std::uint64_t forgotten_through_ = 0;
};

} // namespace crier::detail
