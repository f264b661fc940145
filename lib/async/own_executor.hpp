#pragma once

#include <crier/async/detail/handler_memory.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// An executor that is another one, a strand, and yet differs from it: by it a coroutine is known.
/// It has memory for a posted handler, and `any_io_executor` holds it without any. It counts no
/// work: who waits on it must do so.
///
/// Lifetime: copies may outlive whoever made it.
class own_executor {
    struct place {
        explicit place(boost::asio::any_io_executor executor) noexcept : on{std::move(executor)} {}

        const boost::asio::any_io_executor on;
        small_handler_memory memory;
    };

public:
    /// Throws `std::bad_alloc`. No constructor: Asio would take it for a conversion of executors.
    static own_executor of(boost::asio::any_io_executor strand) {
        return own_executor{std::make_shared<place>(std::move(strand))};
    }

    bool operator==(const own_executor&) const noexcept = default;

    const boost::asio::any_io_executor& strand() const noexcept { return place_->on; }

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return boost::asio::query(place_->on, boost::asio::execution::context);
    }

    bool running_in_this_thread() const noexcept;

    /// Never calls at once.
    class posting {
    public:
        explicit posting(std::shared_ptr<place> at) noexcept : place_{std::move(at)} {}

        bool operator==(const posting&) const noexcept = default;

        boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
            return boost::asio::query(place_->on, boost::asio::execution::context);
        }

        posting require(boost::asio::execution::blocking_t::never_t) const noexcept {
            return *this;
        }

        template <class Function>
        void execute(Function&& function) const;

    private:
        std::shared_ptr<place> place_;
    };

    /// Calls at once where it can, as a completion on a strand does.
    template <class Function>
    void execute(Function&& function) const;

    posting require(boost::asio::execution::blocking_t::never_t) const noexcept {
        return posting{place_};
    }

private:
    explicit own_executor(std::shared_ptr<place> at) noexcept : place_{std::move(at)} {}

    std::shared_ptr<place> place_;
};

} // namespace crier::detail
