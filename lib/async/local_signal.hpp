#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <cstddef>
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
        if (const auto* const woken = std::exchange(waiter_, nullptr)) {
            woken->complete(*this);
        } else {
            is_set_ = true;
        }
    }

    /// Destroys the waiter, if there is one.
    void drop() noexcept {
        if (const auto* const woken = std::exchange(waiter_, nullptr)) {
            woken->discard(*this);
        }
    }

    /// Completes with nothing when it is set, or at a cancellation.
    local_signal&& next() noexcept { return std::move(*this); }

    template <class Token>
    auto operator()(Token&& token) && -> decltype(boost::asio::async_initiate<Token, void()>(
        std::declval<struct initiation>(), token));

private:
    friend struct initiation;

    /// What is done with a handler of some type.
    struct waiter {
        void (*complete)(local_signal& of);
        void (*discard)(local_signal& of) noexcept;
    };

    template <class Handler>
    Handler take_handler() noexcept {
        auto* const held = std::launder(reinterpret_cast<Handler*>(room_));
        Handler taken = std::move(*held);
        std::destroy_at(held);
        return taken;
    }

    template <class Handler>
    static void complete(local_signal& of) {
        auto handler = of.take_handler<Handler>();
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler);
            slot.is_connected()) {
            slot.clear();
        }
        std::move(handler)();
    }

    template <class Handler>
    static void discard(local_signal& of) noexcept {
        [[maybe_unused]] const auto handler = of.take_handler<Handler>();
    }

    template <class Handler>
    static constexpr waiter waiter_of{&complete<Handler>, &discard<Handler>};

    template <class Handler>
    void wait(Handler handler) {
        static_assert(sizeof(Handler) <= sizeof room_ && alignof(Handler) <= alignof(void*),
            "only coroutines wait for it");
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler);
            slot.is_connected()) {
            slot.assign([this](boost::asio::cancellation_type type) {
                if (type != boost::asio::cancellation_type::none) {
                    set();
                }
            });
        }
        ::new (static_cast<void*>(room_)) Handler{std::move(handler)};
        waiter_ = &waiter_of<Handler>;
    }

    const waiter* waiter_ = nullptr;
    alignas(void*) std::byte room_[sizeof(void*)];
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
