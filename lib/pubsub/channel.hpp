#pragma once

#include <crier/async/signal.hpp>

#include "subscriber.hpp"

namespace crier::detail {

/// A subscriber whose events a program takes by itself, when a signal tells that there are some.
struct channel final : subscriber, reader {
    channel(const boost::asio::any_io_executor& executor, bool tells_gaps,
        std::shared_ptr<memory_account> account)
        : subscriber{*this, tells_gaps, std::move(account)}, ready{executor} {}

    bool take(const entry_ptr& /*only*/, clock::time_point /*now*/) override { return false; }
    void fetch() const noexcept override {}
    void wake() override { ready.set(); }
    void close() override { ready.close(); }

    signal ready;
};

} // namespace crier::detail
