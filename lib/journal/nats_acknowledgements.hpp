#pragma once

#include "nats_received.hpp"

#include <boost/system/error_code.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

namespace crier::detail {

/// What a stream says to an event.
struct nats_answer {
    std::uint64_t sequence = 0;
    /// With `errc::journal_unavailable` it is to be sent again.
    boost::system::error_code error{};
};

nats_answer nats_answer_of(const nats_received& acknowledgement);

/// What was sent to a stream and is not settled: on one thread, with answers on another.
class nats_acknowledgements {
public:
    using clock = std::chrono::steady_clock;

    /// When an event was first sent, and the newest number then.
    struct sending {
        clock::time_point at{};
        std::uint64_t newest = 0;
    };

    /// Numbers up to here are known to be given.
    void note_newest(std::uint64_t sequence) noexcept;
    std::uint64_t newest() const;

    /// Nothing: it was not sent.
    std::optional<sending> first_sent(std::uint64_t ticket) const;

    /// Before an event of so many bytes is sent, for the first time or again.
    void send(std::uint64_t ticket, std::size_t bytes, clock::time_point now);

    /// Nothing: there is none yet.
    std::optional<nats_answer> answer(std::uint64_t ticket) const;

    /// What becomes of it is known.
    void settle(std::uint64_t ticket) noexcept;

    /// Forgets all but these: nobody asks for the others any more.
    void keep_only(std::span<const std::uint64_t> tickets);

    /// On any thread. One that nobody waits for is passed over.
    void answered(std::uint64_t ticket, const nats_answer& by);

    /// What is under way gets no answer, or later.
    void lose_connection() noexcept;

    struct load {
        std::size_t events = 0;
        std::size_t bytes = 0;
    };

    /// Waits until no more than so much is under way. False: it takes longer.
    bool wait(load most, std::chrono::milliseconds timeout);

    /// How many answers there were.
    std::uint64_t progress() const;

private:
    struct sent {
        sending first{};
        std::size_t bytes = 0;
        bool is_under_way = false;
        std::optional<nats_answer> answer{};
    };

    bool is_within(load most) const noexcept;
    void arrive(sent& one) noexcept;

    mutable std::mutex lock_;
    std::condition_variable changed_;
    std::unordered_map<std::uint64_t, sent> sent_; ///< by their tickets
    load under_way_{};
    load wanted_{};
    std::uint64_t progress_ = 0;
    std::uint64_t newest_ = 0;
};

} // namespace crier::detail
