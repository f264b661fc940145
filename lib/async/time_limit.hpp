#pragma once

#include <crier/async/clock.hpp>

#include <boost/system/error_code.hpp>

#include <memory>

namespace crier::detail {

/// Cancels what a socket, a resolver or a signal does when the time is over, but not what it does
/// after.
template <class Target>
class time_limit {
public:
    time_limit(Target& target, clock::duration longest)
        : state_{std::make_shared<state>(state{target})}, timer_{target.get_executor(), longest} {
        timer_.async_wait(
            [limited = std::weak_ptr<state>{state_}](boost::system::error_code error) {
                if (const auto still = error ? nullptr : limited.lock()) {
                    still->expired = true;
                    cancel(still->target);
                }
            });
    }

    bool expired() const noexcept { return state_->expired; }

private:
    struct state {
        Target& target;
        bool expired = false;
    };

    static void cancel(Target& target) {
        if constexpr (requires(boost::system::error_code error) { target.cancel(error); }) {
            boost::system::error_code ignored;
            target.cancel(ignored);
        } else {
            target.cancel();
        }
    }

    std::shared_ptr<state> state_;
    timer timer_;
};

} // namespace crier::detail
