#pragma once

#include "nats_messages.hpp"
#include "nats_received.hpp"
#include "nats_stream.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace crier::detail {

/// A message that a stream keeps.
struct nats_kept_message {
    nats_kept kept{};
    nats_received message{nullptr};
};

/// Reads what a stream keeps under a subject after a number, in its order, by a consumer that the
/// server has until the end of this object, or for some seconds.
class nats_scan {
public:
    enum class part : std::uint8_t { all, headers };

    nats_scan(const nats_stream& in, std::string subject, std::uint64_t after, part of = part::all);
    nats_scan(nats_scan&& other) noexcept;
    nats_scan& operator=(nats_scan&&) = delete;
    ~nats_scan();

    /// The next message; none: there is none now where it is read, which may be behind the leader.
    /// `expected` more are to be read, about.
    /// Errors: `errc::journal_unavailable`.
    boost::system::result<std::optional<nats_kept_message>> next(std::size_t expected);

    /// How many there are that the server has not sent.
    boost::system::result<std::uint64_t> pending();

private:
    boost::system::error_code open();
    void close() noexcept;
    boost::system::error_code pull(std::size_t expected);
    bool take(std::vector<nats_received> replies);

    const nats_stream& in_;
    std::string subject_;
    std::uint64_t after_;
    part of_;
    std::string consumer_; ///< its name on the server; empty: there is none
    std::chrono::steady_clock::time_point used_{};
    std::uint64_t pending_ = 0;
    bool has_read_ = false; ///< from this consumer
    std::deque<nats_kept_message> read_;
};

} // namespace crier::detail
