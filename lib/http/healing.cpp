#include "healing.hpp"

#include "pubsub/log_line.hpp"
#include "pubsub/manager_state.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

asio::awaitable<std::vector<frame>> frames_for(
    gap lost, const gap_handler& on_gap, std::shared_ptr<manager_state> events) {
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
        log_line line;
        line << "on_gap failed: " << std::current_exception();
        events->log(severity::error, line.text());
        frames.assign(1, make_frame(to_event(lost)).value());
    }
    co_return frames;
}

} // namespace

void ask_for_frames(const gap& missing, const gap_handler& on_gap,
    std::shared_ptr<manager_state> events, const asio::any_io_executor& executor,
    asio::cancellation_slot cancelled, std::function<void(const std::vector<frame>&)> then) {
    asio::co_spawn(executor, frames_for(missing, on_gap, std::move(events)),
        asio::bind_cancellation_slot(
            cancelled, [executor, then = std::move(then)](
                           const std::exception_ptr&, std::vector<frame> frames) mutable {
                // Not from within the coroutine, whose signal goes with it.
                asio::post(executor, [then = std::move(then),
                                         frames = std::move(frames)]() mutable { then(frames); });
            }));
}

} // namespace crier::detail
