#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <type_traits>
#include <utility>

namespace crier::detail {

inline bool runs_here(const boost::asio::any_io_executor& executor) noexcept;

/// An executor in the size of its place, which tells what it runs on by `get_executor`, and posts
/// there by `post`. It counts no work: who waits on it must do so.
///
/// Unless it was required never to block, it calls at once where it can, as a completion on a
/// strand does.
template <class Place, bool calls_at_once = true>
class placed_executor {
public:
    explicit placed_executor(Place at) noexcept : at_{std::move(at)} {}

    bool operator==(const placed_executor&) const noexcept = default;

    /// What it runs on.
    const boost::asio::any_io_executor& inner() const noexcept { return at_.get_executor(); }

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return boost::asio::query(inner(), boost::asio::execution::context);
    }

    bool running_in_this_thread() const noexcept { return runs_here(inner()); }

    placed_executor<Place, false> require(
        boost::asio::execution::blocking_t::never_t) const noexcept {
        return placed_executor<Place, false>{at_};
    }

    template <class Function>
    void execute(Function&& function) const {
        if (calls_at_once && running_in_this_thread()) {
            std::decay_t<Function>(std::forward<Function>(function))();
        } else {
            at_.post(std::forward<Function>(function));
        }
    }

private:
    Place at_;
};

} // namespace crier::detail
