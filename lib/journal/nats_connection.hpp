#pragma once

#include <crier/journal/nats_journal.hpp>

#include "nats_links.hpp"
#include "nats_received.hpp"
#include "nats_subscription.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <nats/nats.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

struct nats_request {
    std::string subject;
    std::string payload;
};

/// A connection to NATS, on any thread, which connects again for ever.
///
/// All that waits returns `errc::journal_unavailable` when its time is over, when the connection
/// is lost, and after `end`. Nothing waits for much longer than it is told, nor than the
/// timeout to connect.
class nats_connection {
public:
    using milliseconds = std::chrono::milliseconds;

    /// Errors: throws `journal_error`.
    explicit nats_connection(const nats_journal_options& options);
    nats_connection(const nats_connection&) = delete;
    nats_connection& operator=(const nats_connection&) = delete;
    /// Needs all subscriptions to be gone.
    ~nats_connection();

    /// None: nobody any more, once the call has returned.
    void watch(nats_watcher* by) noexcept;

    bool is_up() const noexcept;

    /// Counts how often the connection was lost, and made again: what waits for an answer waits
    /// in vain once it has changed.
    std::uint64_t changes() const noexcept;

    /// One reply. Its status may be 503: nobody answers to that subject now.
    boost::system::result<nats_received> request(
        std::string_view subject, std::string_view payload, milliseconds timeout);

    /// One reply to each, in the order of the requests, which do not wait for each other. The
    /// time is that of one without any reply.
    boost::system::result<std::vector<nats_received>> request_all(
        std::span<const nats_request> requests, milliseconds timeout);

    /// All replies to one request, until there are so many, or one with a status, which is the
    /// last. The time is that of one without any reply.
    boost::system::result<std::vector<nats_received>> request_many(
        std::string_view subject, std::string_view payload, std::size_t most, milliseconds timeout);

    /// Sends a message, soon. It is lost if the connection is.
    boost::system::error_code publish(natsMsg& message);
    boost::system::error_code publish(std::string_view subject, std::string_view payload);

    /// Sends now what was published.
    void send_now() noexcept;

    /// Waits until the server has done all that it was sent before, such as subscriptions.
    boost::system::error_code flush(milliseconds timeout);

    /// Calls back with each message of a subject, on the thread of libnats that delivers all
    /// messages, in the order in which they came. Errors: throws `journal_error`.
    std::unique_ptr<nats_subscription> subscribe(
        const std::string& subject, nats_subscription::callback call);

    /// A subject that nobody else has. Below it, after a dot, replies may go anywhere.
    std::string make_inbox() const;

    /// Lets all that wait return. Nothing waits any more.
    void end() noexcept;
    bool is_ending() const noexcept;

private:
    struct state;

    boost::system::error_code send(const nats_request& request, const std::string& reply);
    template <class Call>
    boost::system::error_code use(Call call);

    std::unique_ptr<state> state_;
};

} // namespace crier::detail
