#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/async/detail/waiter.hpp>
#include <crier/wire/errc.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <tuple>
#include <utility>

namespace crier::detail {

/// The handler of an operation that waits, and what its completion needs. It is apart from what it
/// waits for, because that and its context may be destroyed while the handler runs elsewhere.
template <class... Results>
struct pending_wait {
    using executor_type = boost::asio::any_io_executor;

    waiter_place<boost::system::error_code, Results...> place;
    // Belong to whoever has taken the place:
    std::tuple<boost::system::error_code, Results...> results;
    executor_type where;         ///< keeps its context at work
    small_handler_memory memory; ///< so that a completion can always be posted

    std::atomic<bool> is_cancelled{false};
    /// The completion is on its way to another context.
    std::atomic<bool> is_elsewhere{false};

    /// Takes the place for a handler, whose cancellation calls `cancel`. False: there is another
    /// one, and the handler is told so.
    template <class Handler, class Cancel>
    bool start(Handler handler, const executor_type& otherwise, Cancel cancel);

    void complete() {
        const executor_type work = std::move(where);
        std::apply([this](auto&... each) { place.call(std::move(each)...); }, results);
    }

    void clear() noexcept {
        where = {};
        place.clear();
    }

    void discard() noexcept {
        where = {};
        place.discard();
    }
};

template <class... Results>
template <class Handler, class Cancel>
bool pending_wait<Results...>::start(
    Handler handler, const executor_type& otherwise, Cancel cancel) {
    namespace asio = boost::asio;
    const executor_type to = asio::get_associated_executor(handler, otherwise);
    if (!place.try_take()) {
        asio::post(to, [handler = std::move(handler)]() mutable {
            std::move(handler)(make_error_code(errc::already_waiting), Results{}...);
        });
        return false;
    }
    is_cancelled = false;
    is_elsewhere = false;
    try {
        where = asio::prefer(to, asio::execution::outstanding_work.tracked);
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.assign([cancel = std::move(cancel)](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) {
                    cancel();
                }
            });
        }
        place.emplace(std::move(handler));
    } catch (...) {
        clear();
        throw;
    }
    return true;
}

} // namespace crier::detail
