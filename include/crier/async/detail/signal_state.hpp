#pragma once

#include <crier/async/detail/pending_wait.hpp>
#include <crier/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace crier::detail {

template <class Member>
class context_members;

/// The state of a signal, which its operations share.
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
    void set_later() noexcept;
    bool try_wait() noexcept;
    void cancel() noexcept;
    void close() noexcept;

    /// By the waiter's slot.
    void cancel_wait() noexcept;
    /// Keeps a wake-up that a cancelled wait did not take.
    void take_back() noexcept;

    /// Destroys the handler, and with it what only the handler owns.
    void context_gone() noexcept;

private:
    void begin_wait() noexcept;
    bool take_waiter_or_latch() noexcept;
    void end_wait(unsigned also, boost::system::error_code error) noexcept;
    void complete_later(boost::system::error_code result) noexcept;

    const executor_type executor_;
    context_members<signal_state>* all_; ///< none once the context has gone
    std::atomic<unsigned> state_{0};
    const std::shared_ptr<pending_wait<>> wait_ = std::make_shared<pending_wait<>>();
};

template <class Handler>
void signal_state::start(Handler handler) {
    if (all_ == nullptr) {
        return; // the context has gone, and would not destroy the handler any more
    }
    const bool is_first = wait_->start(std::move(handler), executor_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->cancel_wait();
        }
    });
    if (is_first) {
        begin_wait();
    }
}

} // namespace crier::detail
