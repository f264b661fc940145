#include "healing.hpp"

#include "pubsub/core.hpp"
#include "pubsub/what.hpp"

namespace crier::detail {

namespace asio = boost::asio;

asio::awaitable<std::vector<frame>> heal(
    gap lost, const gap_handler& on_gap, std::shared_ptr<core> events) {
    std::vector<frame> frames;
    try {
        asio::awaitable<std::vector<event>> asked = on_gap(lost);
        std::vector<event> instead = co_await std::move(asked);
        if (instead.empty()) {
            instead.push_back(to_event(lost));
        }
        if (instead.back().id.empty()) {
            instead.back().id = to_string(lost.to);
        }
        for (const event& each : instead) {
            frames.push_back(make_frame(each).value());
        }
    } catch (...) {
        events->log(severity::error, "on_gap failed: " + what(std::current_exception()));
        frames.assign(1, make_frame(to_event(lost)).value());
    }
    co_return frames;
}

} // namespace crier::detail
