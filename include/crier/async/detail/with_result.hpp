#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace crier::detail {

template <class T>
boost::asio::awaitable<void> keep_result(
    boost::asio::awaitable<T> of, std::shared_ptr<std::optional<T>> in) {
    in->emplace(co_await std::move(of));
}

template <class T, class Run>
boost::asio::awaitable<T> run_with_result(boost::asio::awaitable<T> flow, Run run) {
    // Shared, as the flow may be destroyed after this.
    const auto result = std::make_shared<std::optional<T>>();
    boost::asio::awaitable<void> running = run(keep_result(std::move(flow), result));
    co_await std::move(running);
    co_return std::move(**result);
}

/// Runs a flow of any result by a function that runs one without: it takes and returns an
/// `awaitable<void>`, and throws where the flow has no result.
template <class T, class Run>
boost::asio::awaitable<T> with_result(boost::asio::awaitable<T> flow, Run run) {
    if constexpr (std::is_void_v<T>) {
        return run(std::move(flow));
    } else {
        return run_with_result(std::move(flow), std::move(run));
    }
}

} // namespace crier::detail
