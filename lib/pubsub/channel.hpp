#pragma once

#include <crier/async/signal.hpp>

#include "subscriber.hpp"

namespace crier::detail {

/// The last reference to a channel goes on its shard: its queue's entries are shared there.
struct releasing : task {
    void run(shard& /*on*/) noexcept override {}
    void release() noexcept override;
};

/// A subscriber whose events a program takes by itself, when a signal tells that there are some.
class channel final : public subscriber, public releasing {
public:
    channel(const boost::asio::any_io_executor& executor, bool tells_gaps,
        const memory_account_ptr& account)
        : subscriber{tells_gaps, account}, ready{executor} {}

    void wake() override {
        if (!pending.empty() || is_behind) {
            ready.set();
        }
        if (end != end_kind::none || pending.overflowed()) {
            ready.close();
        }
    }

    signal ready;
};

inline void releasing::release() noexcept { intrusive_ptr_release(static_cast<channel*>(this)); }

} // namespace crier::detail
