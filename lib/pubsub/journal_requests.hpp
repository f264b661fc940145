#pragma once

#include <crier/pubsub/secret_hash.hpp>

#include "topic.hpp"
#include "waking.hpp"

#include <boost/container_hash/hash.hpp>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/identity.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace crier::detail {

/// What one call of the journal is to give.
struct journal_request {
    enum class sought : std::uint8_t { piece, retained, id, newest };

    topic_ptr of{};
    sought what = sought::piece;
    std::uint64_t after = 0;
    std::string id{};
    /// Up to where the topic has nothing in memory.
    std::uint64_t through = 0;

    /// Whether one call answers both.
    bool operator==(const journal_request& other) const noexcept {
        return of == other.of && what == other.what && after == other.after && id == other.id;
    }
};

/// Clients choose the number and the id, and must not be able to let many fall together.
inline std::size_t hash_value(const journal_request& of) noexcept {
    const secret_hash secret;
    const auto number = std::bit_cast<std::array<char, sizeof of.after>>(of.after);
    std::size_t seed = std::hash<const topic*>{}(of.of.get());
    boost::hash_combine(seed, static_cast<unsigned>(of.what));
    boost::hash_combine(seed, secret({number.data(), number.size()}));
    boost::hash_combine(seed, secret(of.id));
    return seed;
}

/// What is still to be read, the oldest first, and who waits for each. Thousands may ask at once
/// after a restart. Guarded by the manager's lock.
class journal_requests {
public:
    bool empty() const noexcept { return all_.empty(); }
    const journal_request& front() const noexcept { return all_.front().asked; }

    /// Lets somebody wait, with those who have asked for the same. Nothing changes where it throws.
    void add(journal_request&& asked, std::unique_ptr<waking> waits) {
        auto& known = all_.get<1>();
        auto at = known.find(asked);
        if (at == known.end()) {
            pending added{std::move(asked)};
            added.waiting.push_back(std::move(waits));
            all_.push_back(std::move(added));
        } else {
            at->waiting.push_back(std::move(waits));
        }
    }

    /// The first is answered.
    void pop_front(owed_drains& owed) noexcept {
        crier::detail::wake_all(all_.front().waiting, owed);
        all_.pop_front();
    }

    /// Those who wait are answered, and what they have asked for stays.
    void wake_all(owed_drains& owed) noexcept {
        for (const pending& each : all_) {
            crier::detail::wake_all(each.waiting, owed);
        }
    }

private:
    struct pending {
        journal_request asked;
        mutable wakings waiting{}; ///< no part of what is looked for
    };

    boost::multi_index_container<pending,
        boost::multi_index::indexed_by<boost::multi_index::sequenced<>,
            boost::multi_index::hashed_unique<
                boost::multi_index::member<pending, journal_request, &pending::asked>>>>
        all_;
};

} // namespace crier::detail
