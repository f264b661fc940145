#pragma once

#include <crier/http/serve.hpp>

#include "pubsub/event_queue.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <functional>
#include <memory>
#include <span>

namespace crier::detail {

class manager_state;

using gap_handler = decltype(serve_options::on_gap);

/// Asks what is sent in the place of a stream's gaps, of one at a time. All on one executor.
class healing {
public:
    /// From here on the queue, which must outlive it, holds its gaps until each is healed.
    healing(gap_handler by, event_queue& gaps) noexcept;
    healing(const healing&) = delete;
    healing& operator=(const healing&) = delete;

    /// Whether what is next in the queue is a gap.
    bool is_due() const noexcept;

    /// Whether a gap is being healed.
    bool is_under_way() const noexcept { return cancelled_by_ != nullptr; }

    /// Tells whether the gap was replaced or told; if not, there was no memory even for that.
    using handler = std::function<void(bool is_healed)>;

    /// Heals the gap with what the caller has for it. Where the caller has nothing or fails, the
    /// gap is told as it is. `then` is called in any case, must not throw, and keeps this until
    /// then.
    void begin(const std::shared_ptr<manager_state>& events,
        const boost::asio::any_io_executor& executor, handler then);

    /// Lets what is under way end soon.
    void cancel();

private:
    class answer;

    bool finish(std::span<const frame> made) noexcept;

    const gap_handler by_;
    event_queue& gaps_;
    std::shared_ptr<boost::asio::cancellation_signal> cancelled_by_;
};

} // namespace crier::detail
