#pragma once

#include "core.hpp"

namespace crier::detail {

/// The way from the public handles to what is behind them, for the layers of this library.
struct core_access {
    static const std::shared_ptr<core>& of(manager& from) noexcept { return from.core_; }
    static subscriber& of(subscription& from) noexcept { return *from.state_; }
};

} // namespace crier::detail
