#include "healing.hpp"

#include "pubsub/log_failure.hpp"
#include "pubsub/manager_state.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <new>
#include <utility>
#include <vector>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

/// What the caller has for the gap; nothing where that fails.
asio::awaitable<std::vector<frame>> frames_for(
    gap lost, const gap_handler& by, std::shared_ptr<manager_state> events) {
    std::vector<frame> frames;
    try {
        asio::awaitable<std::vector<event>> asked = by(lost);
        std::vector<event> instead = co_await std::move(asked);
        if (!instead.empty() && instead.back().id.empty()) {
            instead.back().id = to_string(lost.id.value_or(lost.to));
        }
        for (const event& each : instead) {
            frames.push_back(make_frame(each).value());
        }
    } catch (...) {
        log_failure(events->log(), "on_gap failed: ", std::current_exception());
        frames.clear();
    }
    co_return frames;
}

} // namespace

/// Ends the healing, with what was made. Where it goes without a call, as where Asio finds no
/// memory for that, with nothing.
class healing::answer {
public:
    answer(healing& of, handler then) noexcept : of_{&of}, then_{std::move(then)} {}
    answer(answer&& other) noexcept
        : of_{std::exchange(other.of_, nullptr)}, then_{std::move(other.then_)} {}
    answer& operator=(answer&&) = delete;
    ~answer() { tell({}); }

    void operator()(const std::exception_ptr& /*failure*/, const std::vector<frame>& made) {
        tell(made);
    }

private:
    void tell(std::span<const frame> made) noexcept {
        if (healing* const of = std::exchange(of_, nullptr)) {
            then_(of->finish(made));
        }
    }

    healing* of_;
    handler then_;
};

healing::healing(gap_handler by, event_queue& gaps) noexcept : by_{std::move(by)}, gaps_{gaps} {
    gaps_.hold_gaps();
}

bool healing::is_due() const noexcept { return !gaps_.empty() && gaps_.front_gap() != nullptr; }

void healing::begin(const std::shared_ptr<manager_state>& events,
    const asio::any_io_executor& executor, handler then) {
    // More may be missed meanwhile, which is told later.
    gaps_.pin(1);
    answer owed{*this, std::move(then)};
    try {
        cancelled_by_ = std::make_shared<asio::cancellation_signal>();
        asio::co_spawn(executor, frames_for(*gaps_.front_gap(), by_, events),
            asio::bind_cancellation_slot(cancelled_by_->slot(), std::move(owed)));
    } catch (...) {
        log_failure(events->log(), "on_gap failed: ",
            std::current_exception()); // the answer tells the gap, as soon as it goes
    }
}

bool healing::finish(std::span<const frame> made) noexcept {
    cancelled_by_.reset();
    gaps_.pin(0);
    try {
        if (made.empty()) {
            gaps_.tell_front_gap();
        } else {
            gaps_.replace_front_gap(made);
        }
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void healing::cancel() {
    // It may end within this.
    if (const auto kept = cancelled_by_) {
        kept->emit(asio::cancellation_type::terminal);
    }
}

} // namespace crier::detail
