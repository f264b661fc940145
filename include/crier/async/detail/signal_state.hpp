#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/async/detail/waiter.hpp>
#include <crier/export.hpp>
#include <crier/wire/errc.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace crier::detail {

template <class Member>
class context_members;

/// The state of a signal. The signal and a posted completion keep it alive.
class CRIER_EXPORT signal_state : public std::enable_shared_from_this<signal_state>,
                                  public boost::intrusive::list_base_hook<> {
public:
    using executor_type = boost::asio::any_io_executor;
    using context_hook = boost::intrusive::list_base_hook<>;

    explicit signal_state(const executor_type& executor);
    signal_state(const signal_state&) = delete;
    signal_state& operator=(const signal_state&) = delete;
    ~signal_state();

    const executor_type& get_executor() const noexcept { return executor_; }

    template <class Handler>
    void start(Handler handler);

    void set();
    bool try_wait() noexcept;
    void cancel() noexcept;
    void close() noexcept;

    /// Destroys the handler, and with it what only the handler owns.
    void context_gone() noexcept;

private:
    void begin_wait() noexcept;
    void end_wait(unsigned also, boost::system::error_code error) noexcept;
    void complete_later(boost::system::error_code result) noexcept;
    void complete();

    const executor_type executor_;
    context_members<signal_state>* all_; ///< none once the context has gone
    std::atomic<unsigned> state_{0};
    waiter_place<boost::system::error_code> waiter_;
    // Of the pending wait; belong to whoever has taken the waiter's place:
    boost::system::error_code result_;
    executor_type where_;         ///< keeps its context at work
    small_handler_memory memory_; ///< so that a completion can always be posted
};

template <class Handler>
void signal_state::start(Handler handler) {
    namespace asio = boost::asio;
    const executor_type where = asio::get_associated_executor(handler, executor_);
    if (!waiter_.try_take()) {
        asio::post(where, [handler = std::move(handler)]() mutable {
            std::move(handler)(make_error_code(errc::already_waiting));
        });
        return;
    }
    try {
        where_ = asio::prefer(where, asio::execution::outstanding_work.tracked);
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.assign([weak = weak_from_this()](asio::cancellation_type type) {
                const auto self = weak.lock();
                if (self && type != asio::cancellation_type::none) {
                    self->cancel();
                }
            });
        }
        waiter_.emplace(std::move(handler));
    } catch (...) {
        where_ = {};
        waiter_.clear();
        throw;
    }
    begin_wait();
}

} // namespace crier::detail
