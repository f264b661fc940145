#include "healing.hpp"

#include "pubsub/log_line.hpp"
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
            instead.back().id = to_string(lost.to);
        }
        for (const event& each : instead) {
            frames.push_back(make_frame(each).value());
        }
    } catch (...) {
        log_line line;
        line << "on_gap failed: " << std::current_exception();
        events->log(severity::error, line.text());
        frames.clear();
    }
    co_return frames;
}

} // namespace

/// Ends the healing with what was made. Asio lets it go without a call where memory is lacking:
/// then with nothing.
class healing::answer {
public:
    answer(healing& of, std::function<void()> then) noexcept : of_{&of}, then_{std::move(then)} {}
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
            of->finish(made);
            then_();
        }
    }

    healing* of_;
    std::function<void()> then_;
};

healing::healing(gap_handler by, event_queue& gaps) noexcept : by_{std::move(by)}, gaps_{gaps} {
    gaps_.hold_gaps();
}

bool healing::is_due() const noexcept { return !gaps_.empty() && gaps_.front_gap() != nullptr; }

void healing::begin(std::shared_ptr<manager_state> events, const asio::any_io_executor& executor,
    std::function<void()> then) {
    // More may be missed meanwhile, which is told later.
    gaps_.pin(1);
    answer owed{*this, std::move(then)};
    try {
        cancelled_by_ = std::make_shared<asio::cancellation_signal>();
        asio::co_spawn(executor, frames_for(*gaps_.front_gap(), by_, std::move(events)),
            asio::bind_cancellation_slot(cancelled_by_->slot(), std::move(owed)));
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): the answer has told it
    }
}

void healing::finish(std::span<const frame> made) noexcept {
    cancelled_by_.reset();
    gaps_.pin(0);
    try {
        if (made.empty()) {
            gaps_.tell_front_gap();
        } else {
            gaps_.replace_front_gap(made);
        }
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): it is healed once more
    }
}

void healing::cancel() {
    // It may end within this.
    if (const auto kept = cancelled_by_) {
        kept->emit(asio::cancellation_type::terminal);
    }
}

} // namespace crier::detail
