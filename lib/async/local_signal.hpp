#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace crier::detail {

/// A signal for one thread: without locks and memory, and it resumes its waiter, a coroutine,
/// before `set` returns. Wait only where it was not set: `if (!s.take()) { co_await s.next(); }`.
///
/// It is itself the operation that is awaited, so that a coroutine's frame keeps nothing for it.
class local_signal {
public:
    local_signal() = default;
    local_signal(const local_signal&) = delete;
    local_signal& operator=(const local_signal&) = delete;
    ~local_signal() { drop(); }

    /// Tells whether it was set since the last wait, and clears it.
    bool take() noexcept { return std::exchange(is_set_, false); }

    void set() {
        if (waiter* const woken = std::exchange(waiter_, nullptr)) {
            woken->complete();
        } else {
            is_set_ = true;
        }
    }

    /// Destroys the waiter, if there is one.
    void drop() noexcept {
        if (waiter* const dropped = std::exchange(waiter_, nullptr)) {
            dropped->discard();
        }
    }

    /// Completes with nothing when it is set, or at a cancellation.
    local_signal&& next() noexcept { return std::move(*this); }

    template <class Token>
    auto operator()(Token&& token) && -> decltype(boost::asio::async_initiate<Token, void()>(
        std::declval<struct initiation>(), token));

private:
    friend struct initiation;

    class waiter {
    public:
        virtual void complete() = 0;
        virtual void discard() noexcept = 0;

    protected:
        ~waiter() = default;
    };

    template <class Handler>
    class waiter_of final : public waiter {
    public:
        explicit waiter_of(Handler&& handler) : handler_{std::move(handler)} {}

        void complete() override {
            Handler handler = std::move(handler_);
            std::destroy_at(this);
            if (auto slot = boost::asio::get_associated_cancellation_slot(handler);
                slot.is_connected()) {
                slot.clear();
            }
            std::move(handler)();
        }

        void discard() noexcept override {
            [[maybe_unused]] const Handler handler = std::move(handler_);
            std::destroy_at(this);
        }

    private:
        Handler handler_;
    };

    template <class Handler>
    void wait(Handler handler) {
        using made = waiter_of<Handler>;
        static_assert(sizeof(made) <= sizeof room_ && alignof(made) <= alignof(void*),
            "only coroutines wait for it");
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler);
            slot.is_connected()) {
            slot.assign([this](boost::asio::cancellation_type type) {
                if (type != boost::asio::cancellation_type::none) {
                    set();
                }
            });
        }
        waiter_ = ::new (static_cast<void*>(room_)) made{std::move(handler)};
    }

    waiter* waiter_ = nullptr;
    alignas(void*) std::byte room_[2 * sizeof(void*)];
    bool is_set_ = false;
};

/// Of `local_signal::next`.
struct initiation {
    local_signal& on;

    template <class Handler>
    void operator()(Handler&& handler) const {
        on.wait(std::forward<Handler>(handler));
    }
};

template <class Token>
auto local_signal::operator()(Token&& token) && -> decltype(boost::asio::async_initiate<Token,
    void()>(std::declval<initiation>(), token)) {
    return boost::asio::async_initiate<Token, void()>(initiation{*this}, token);
}

} // namespace crier::detail
