#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <optional>

namespace crier::test {

/// A token that never begins, and only asks the initiation where it would complete.
struct asks_for_executor {
    std::optional<boost::asio::any_io_executor>& to;
};

} // namespace crier::test

template <class... Arguments>
class boost::asio::async_result<crier::test::asks_for_executor, void(Arguments...)> {
public:
    template <class Initiation>
    static void initiate(Initiation initiation, crier::test::asks_for_executor token) {
        using executor = typename Initiation::executor_type;
        token.to = executor{initiation.get_executor()};
    }
};
