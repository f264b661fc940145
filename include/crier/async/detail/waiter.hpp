#pragma once

#include <crier/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace crier::detail {

/// Whether a handler of the executor may be called here and now.
CRIER_EXPORT bool runs_here(const boost::asio::any_io_executor& executor) noexcept;

template <class Executor>
bool runs_here(const Executor& executor) noexcept {
    if constexpr (requires { executor.running_in_this_thread(); }) {
        return executor.running_in_this_thread();
    } else {
        return false;
    }
}

enum class resume { inline_if_possible, later };

/// A completion handler of any type that waits to be called.
class CRIER_EXPORT waiter {
public:
    waiter() = default;
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    virtual ~waiter() = default;

    /// Moves the handler out of the place, which is then free for the next one, and calls it on its
    /// executor.
    virtual void complete(class waiter_place& place, const boost::asio::any_io_executor& fallback,
        boost::system::error_code error, resume how) = 0;

    /// Destroys the handler, with which all that it owns may go, the place too.
    virtual void discard(class waiter_place& place) noexcept = 0;
};

/// Room for one waiter; usual handlers lie in it without an allocation.
class waiter_place {
public:
    waiter_place() = default;
    waiter_place(const waiter_place&) = delete;
    waiter_place& operator=(const waiter_place&) = delete;
    ~waiter_place() { clear(); }

    template <class Waiter, class... Args>
    void emplace(Args&&... args) {
        if constexpr (sizeof(Waiter) <= sizeof room_ &&
                      alignof(Waiter) <= alignof(std::max_align_t)) {
            held_ = ::new (static_cast<void*>(room_)) Waiter(std::forward<Args>(args)...);
        } else {
            held_ = new Waiter(std::forward<Args>(args)...);
        }
    }

    void complete(
        const boost::asio::any_io_executor& fallback, boost::system::error_code error, resume how) {
        held_->complete(*this, fallback, error, how);
    }

    void discard() noexcept { held_->discard(*this); }

    void clear() noexcept {
        waiter* const held = std::exchange(held_, nullptr);
        if (static_cast<void*>(held) == static_cast<void*>(room_)) {
            std::destroy_at(held);
        } else {
            delete held;
        }
    }

private:
    waiter* held_ = nullptr;
    alignas(std::max_align_t) std::byte room_[96];
};

template <class Handler>
class basic_waiter final : public waiter {
public:
    basic_waiter(Handler handler, const boost::asio::any_io_executor& fallback)
        : handler_{std::move(handler)}, work_{track(handler_, fallback)} {}

    void complete(waiter_place& place, const boost::asio::any_io_executor& fallback,
        boost::system::error_code error, resume how) override {
        Handler handler = std::move(handler_);
        const auto work = std::move(work_);
        place.clear();
        const auto executor = boost::asio::get_associated_executor(handler, fallback);
        if (how == resume::inline_if_possible && runs_here(executor)) {
            call(handler, error);
            return;
        }
        const auto allocator = boost::asio::get_associated_allocator(handler);
        boost::asio::post(executor,
            boost::asio::bind_allocator(allocator,
                [handler = std::move(handler), error]() mutable { call(handler, error); }));
    }

    void discard(waiter_place& place) noexcept override {
        [[maybe_unused]] const Handler handler = std::move(handler_);
        [[maybe_unused]] const auto work = std::move(work_);
        place.clear();
    }

private:
    static void call(Handler& handler, boost::system::error_code error) {
        // A cancellation handler left behind would reach for a wait that is over.
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler);
            slot.is_connected()) {
            slot.clear();
        }
        if constexpr (std::is_invocable_v<Handler, boost::system::error_code>) {
            std::move(handler)(error);
        } else {
            std::move(handler)({error});
        }
    }

    static auto track(const Handler& handler, const boost::asio::any_io_executor& fallback) {
        return boost::asio::prefer(boost::asio::get_associated_executor(handler, fallback),
            boost::asio::execution::outstanding_work.tracked);
    }

    Handler handler_;
    decltype(track(
        std::declval<const Handler&>(), std::declval<const boost::asio::any_io_executor&>())) work_;
};

} // namespace crier::detail
