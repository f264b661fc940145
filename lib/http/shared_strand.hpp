#pragma once

#include <crier/async/single_thread.hpp>

#include "async/executors.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/strand.hpp>

#include <mutex>

namespace crier::detail {

/// A strand for all that shares connections on a context which several threads run: streams of such
/// connections meet there with their manager's events.
class shared_strand final : public boost::asio::execution_context::service {
public:
    using key_type = shared_strand;
    inline static boost::asio::execution_context::id id;

    explicit shared_strand(boost::asio::execution_context& context) : service{context} {}

    /// Of the executor's context: the strand, or the context's own executor where one thread runs
    /// it.
    static boost::asio::any_io_executor of(const boost::asio::any_io_executor& executor) {
        if (boost::asio::any_io_executor single = single_thread_executor(executor)) {
            return single;
        }
        auto& context = boost::asio::query(executor, boost::asio::execution::context);
        return boost::asio::use_service<shared_strand>(context).strand(executor);
    }

    void shutdown() noexcept override { strand_ = {}; }

private:
    /// What a connection's own strand runs on, if it has one.
    static boost::asio::any_io_executor below(const boost::asio::any_io_executor& executor) {
        using boost::asio::any_io_executor;
        using boost::asio::strand;
        if (const auto* own = executor.target<strand<boost::asio::io_context::executor_type>>()) {
            return own->get_inner_executor();
        }
        if (const auto* own = executor.target<strand<any_io_executor>>()) {
            return below(own->get_inner_executor());
        }
        return executor;
    }

    boost::asio::any_io_executor strand(const boost::asio::any_io_executor& executor) {
        const std::lock_guard lock{mutex_};
        if (!strand_) {
            strand_ = strand_on(below(executor));
        }
        return strand_;
    }

    std::mutex mutex_;
    boost::asio::any_io_executor strand_;
};

} // namespace crier::detail
