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
    change_kind kind = change_kind::retrying; ///< `refused` and `failed` are for good
    std::optional<std::chrono::milliseconds> retry_after{};
    std::shared_ptr<const response_info> response{};

    bool for_good() const noexcept { return kind != change_kind::retrying; }
};

/// An error that says what only the place where it happens knows.
struct failure : boost::system::system_error {
    explicit failure(ending end) : system_error{end.reason, end.message}, why{std::move(end)} {}

    ending why;
};

} // namespace crier::detail
