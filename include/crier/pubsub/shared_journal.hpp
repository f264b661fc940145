#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/journal.hpp>
#include <crier/pubsub/stats.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace crier {

/// What a shared journal tells the manager of a node: on one thread, one call after the other.
class journal_listener {
public:
    /// A topic is followed: its events after that number are going to arrive.
    virtual void followed(std::string_view topic, std::uint64_t through) = 0;

    /// An event, or another entry, of a topic that is followed, by whatever node. Each once, and
    /// within a topic in the order of the numbers. Over all topics they rise too, but for what was
    /// lost on its way and read again later.
    virtual void arrived(std::string_view topic, const journal_record& entry) = 0;

    /// Entries of a topic that is followed may be missing, and are not to be had any more: those
    /// later than a number, up to another.
    virtual void missed(
        std::string_view topic, std::uint64_t after, std::uint64_t through) noexcept = 0;

    /// The journal goes away, is there again and catches up, or has caught up.
    virtual void changed(journal_state now) noexcept = 0;

protected:
    ~journal_listener() = default;
};

/// A journal that several managers share, each on its node: an engine gives the numbers, and brings
/// what one node publishes to all that follow its topic. Where it differs from a journal of one
/// manager:
/// - `append` sets the number, or the error, of each entry. Some may be appended while others are
///   refused. With `errc::journal_unavailable`, it is called again with the same entries; those
///   that have a number or an error are done, and no entry is ever added twice.
/// - An entry with an `action` other than `publish` has no text. `forget` is not called.
/// - A manager keeps the text of an event without its id, and adds that to what it reads.
/// - The limits of `keep` hold as far as the engine can. All topics' events go by it, also of those
///   that keep nothing.
class CRIER_EXPORT shared_journal : public journal {
public:
    /// Who is told; none: nobody any more, once the call has returned. Called after `begin`, before
    /// anything is followed, and after `end`.
    virtual void listen(journal_listener* to) noexcept = 0;

    /// Follows topics: the listener is told when, and gets all that is appended after this call
    /// has returned. Called on the writing thread. A topic that is followed begins anew.
    /// Errors: as `append`.
    virtual boost::system::error_code follow(std::span<const std::string_view> topics) = 0;

    /// Follows a topic no more. Called on the writing thread.
    virtual void unfollow(std::string_view topic) noexcept = 0;

    /// The last number that was given. Called on the reading thread.
    virtual boost::system::result<std::uint64_t> newest() = 0;
};

} // namespace crier
