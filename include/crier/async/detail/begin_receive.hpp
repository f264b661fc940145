#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// What `async_receive` hands to its completion token.
template <class State>
struct begin_receive {
    using executor_type = boost::asio::any_io_executor;

    std::shared_ptr<State> on;

    executor_type get_executor() const noexcept { return on->get_executor(); }

    template <class Handler>
    void operator()(Handler handler) const {
        const bool is_first = on->pending_receive().start(
            std::move(handler), get_executor(), [weak = std::weak_ptr<State>{on}] {
                if (const auto self = weak.lock()) {
                    self->cancel_receive();
                }
            });
        if (!is_first) {
            return;
        }
        try {
            on->begin_receive();
        } catch (...) {
            on->pending_receive().clear();
            throw;
        }
    }
};

} // namespace crier::detail
