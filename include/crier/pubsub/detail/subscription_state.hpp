#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/async/detail/waiter.hpp>
#include <crier/async/signal.hpp>
#include <crier/export.hpp>
#include <crier/wire/errc.hpp>
#include <crier/wire/frame.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

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

    template <class Handler>
    void receive(Handler handler);

    std::optional<frame> try_receive();
    void close() noexcept;

    /// Called when the subscription's handle is destroyed.
    void abandon() noexcept;

private:
    void begin_receive();
    void cancel_receive() noexcept;
    void go_on();
    void complete(boost::system::error_code error, frame received = {});
    void finish();

    const std::shared_ptr<manager_state> owner_;
    const std::shared_ptr<shard> shard_;
    channel* const channel_; ///< with one reference owned by this
    std::atomic<bool> is_abandoned_{false};
    waiter_place<boost::system::error_code, frame> receiver_;
    // Of the pending receive; belong to whoever has taken the receiver's place:
    std::atomic<bool> is_cancelled_{false};
    executor_type where_; ///< keeps its context at work
    boost::system::error_code error_;
    frame received_;
    small_handler_memory memory_; ///< so that its steps can always be posted
};

template <class Handler>
void subscription_state::receive(Handler handler) {
    namespace asio = boost::asio;
    const executor_type where = asio::get_associated_executor(handler, get_executor());
    if (!receiver_.try_take()) {
        asio::post(where, [handler = std::move(handler)]() mutable {
            std::move(handler)(make_error_code(errc::already_waiting), frame{});
        });
        return;
    }
    try {
        is_cancelled_ = false;
        where_ = asio::prefer(where, asio::execution::outstanding_work.tracked);
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.assign([weak = weak_from_this()](asio::cancellation_type type) {
                const auto self = weak.lock();
                if (self && type != asio::cancellation_type::none) {
                    self->cancel_receive();
                }
            });
        }
        receiver_.emplace(std::move(handler));
        begin_receive();
    } catch (...) {
        where_ = {};
        receiver_.clear();
        throw;
    }
}

} // namespace crier::detail
