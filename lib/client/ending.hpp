#pragma once

#include <crier/client/state_change.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace crier::detail {

/// Why a connection has ended, in words for a user too.
struct ending {
    boost::system::error_code reason;
    std::string message;
    bool for_good = false;
    std::optional<std::chrono::milliseconds> retry_after{};
    std::shared_ptr<const response_info> response{};
};

/// An error that says what only the place where it happens knows.
struct failure : boost::system::system_error {
    explicit failure(ending end) : system_error{end.reason, end.message}, why{std::move(end)} {}

    ending why;
};

} // namespace crier::detail
