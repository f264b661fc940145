#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <utility>

namespace crier::detail {

/// Calls at once, in whichever thread of the context is there. For completions that are posted on
/// by memory of their own: Asio takes new memory where the executor is a strand.
class inline_executor {
public:
    explicit inline_executor(boost::asio::execution_context& of) noexcept : context_{&of} {}

    static inline_executor of(const boost::asio::any_io_executor& executor) noexcept {
        return inline_executor{boost::asio::query(executor, boost::asio::execution::context)};
    }

    bool operator==(const inline_executor&) const noexcept = default;

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
        return *context_;
    }

    template <class Function>
    void execute(Function&& function) const {
        std::decay_t<Function> here = std::forward<Function>(function);
        std::move(here)();
    }

private:
    boost::asio::execution_context* context_;
};

} // namespace crier::detail
