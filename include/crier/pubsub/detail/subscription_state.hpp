#pragma once

#include <crier/async/detail/pending_wait.hpp>
#include <crier/async/signal.hpp>
#include <crier/export.hpp>
#include <crier/wire/frame.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

namespace crier::detail {

class channel;
class manager_state;
class shard;

/// The state of a subscription. The subscription and a pending receive keep it alive.
class CRIER_EXPORT subscription_state : public std::enable_shared_from_this<subscription_state> {
public:
    using executor_type = boost::asio::any_io_executor;

    subscription_state(std::shared_ptr<manager_state> owner, std::shared_ptr<shard> on);
    subscription_state(const subscription_state&) = delete;
    subscription_state& operator=(const subscription_state&) = delete;
    ~subscription_state();

    const executor_type& get_executor() const noexcept;
    channel& get() const noexcept { return *channel_; }
    manager_state& owner() const noexcept { return *owner_; }
    const std::shared_ptr<shard>& get_shard() const noexcept { return shard_; }

    std::optional<frame> try_receive();
    std::size_t pending() const noexcept;
    void close() noexcept;

    /// Called when the subscription's handle is destroyed.
    void abandon() noexcept;

    // For `begin_receive`:

    pending_wait<frame>& pending_receive() noexcept { return *wait_; }
    void begin_receive();
    void cancel_receive() noexcept;
    /// Keeps the event that a cancelled receive did not take.
    void take_back() noexcept;

private:
    void go_on();
    void await_wake();
    void keep_result() noexcept;
    void complete(boost::system::error_code error, frame received = {});

    const std::shared_ptr<manager_state> owner_;
    const std::shared_ptr<shard> shard_;
    const std::shared_ptr<pending_wait<frame>> wait_ = std::make_shared<pending_wait<frame>>();
    channel* const channel_; ///< with one reference owned by this
    std::atomic<bool> is_abandoned_{false};
    frame returned_; ///< by a cancelled receive; belongs to whoever receives
    std::atomic<bool> has_returned_{false};
};

} // namespace crier::detail
