#pragma once

#include <crier/async/detail/pending_wait.hpp>

#include "executors.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace crier::detail {

/// Posts a function, which keeps the wait by whose memory it is posted.
template <class... Results, class Function>
void post_by_memory_of(const std::shared_ptr<pending_wait<Results...>>& of,
    const boost::asio::any_io_executor& where, Function function) {
    post_typed(where,
        bind_memory(std::shared_ptr<small_handler_memory>{of, &of->memory}, std::move(function)));
}

/// What is posted to let a handler be called.
template <class Giver, class... Results>
class completion_on_its_way {
public:
    completion_on_its_way(pending_wait<Results...>& of, std::weak_ptr<Giver> from) noexcept
        : of_{&of}, from_{std::move(from)} {}
    completion_on_its_way(completion_on_its_way&& other) noexcept
        : of_{std::exchange(other.of_, nullptr)}, from_{std::move(other.from_)} {}
    completion_on_its_way& operator=(completion_on_its_way&&) = delete;
    ~completion_on_its_way() {
        // Its context has gone before it was called; or posting it has thrown.
        if (of_ != nullptr && of_->place.is_taken() && std::uncaught_exceptions() <= exceptions_) {
            of_->discard();
        }
    }

    void operator()() {
        pending_wait<Results...>& of = *std::exchange(of_, nullptr);
        if (of.is_cancelled) {
            if (const auto giver = from_.lock()) {
                giver->take_back();
            }
            of.results = {boost::asio::error::operation_aborted, Results{}...};
        }
        of.complete();
    }

private:
    pending_wait<Results...>* of_;
    std::weak_ptr<Giver> from_;
    const int exceptions_ = std::uncaught_exceptions();
};

/// Lets the handler be called from its executor. Where it is cancelled before it is called, it gets
/// `operation_aborted`, and what it would have got goes back to whoever gives it.
template <class Giver, class... Results>
void post_completion(
    const std::shared_ptr<pending_wait<Results...>>& of, const std::shared_ptr<Giver>& from) {
    namespace asio = boost::asio;
    // A copy: the handler may have been called before this returns.
    const asio::any_io_executor where = of->where;
    of->is_elsewhere = &asio::query(where, asio::execution::context) !=
                     &asio::query(from->get_executor(), asio::execution::context);
    try {
        post_by_memory_of(of, where, completion_on_its_way<Giver, Results...>{*of, from});
    } catch (...) {
        of->is_elsewhere = false;
        throw;
    }
}

} // namespace crier::detail
