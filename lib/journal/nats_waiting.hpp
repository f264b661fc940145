#pragma once

#include "nats_received.hpp"

#include <boost/system/error_code.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace crier::detail {

/// What waits for replies, which are told apart by numbers at the end of their subjects.
class nats_waiting {
public:
    /// Waits for the replies of as many numbers, from the moment that it exists.
    class replies {
    public:
        /// With `per_number` above 1, replies of one number are taken until there are so many, or
        /// one with a status.
        replies(nats_waiting& in, std::size_t numbers, std::size_t per_number = 1);
        replies(const replies&) = delete;
        replies& operator=(const replies&) = delete;
        ~replies();

        std::uint64_t first() const noexcept { return first_; }

        /// How many numbers have their replies.
        std::size_t done();

        /// Waits until so many numbers have their replies. False: the time is over without any
        /// reply, or nothing waits any more, or the connection is another.
        bool wait(std::size_t done, std::chrono::milliseconds timeout);

        /// In the order of their numbers, and within one in that of their arrival.
        std::vector<nats_received> take();

    private:
        friend nats_waiting;

        replies(nats_waiting& in, std::size_t numbers, std::size_t per_number,
            const std::scoped_lock<std::mutex>& held);

        void add(std::size_t number, nats_received reply);

        nats_waiting& in_;
        std::uint64_t first_;
        std::uint64_t connection_;
        std::size_t per_number_;
        std::size_t done_ = 0;
        std::size_t got_ = 0;
        std::vector<std::vector<nats_received>> found_;
    };

    /// A reply whose number is at the end of its subject.
    void arrived(nats_received reply);
    void arrived(std::uint64_t number, nats_received reply);

    /// What waits now, waits in vain.
    void lose_connection() noexcept;

    void end() noexcept;

private:
    std::mutex lock_;
    std::condition_variable changed_;
    std::uint64_t next_ = 0;
    std::uint64_t connection_ = 0;
    bool is_ending_ = false;
    std::vector<replies*> waiting_; ///< a few: one of each thread
};

/// The number at the end of a subject.
std::optional<std::uint64_t> number_at_end(std::string_view subject) noexcept;

} // namespace crier::detail
