#include <crier/async/signal.hpp>
#include <crier/wire/errc.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <cassert>
#include <mutex>

namespace crier {

namespace asio = boost::asio;

namespace {

// Whoever clears `waiting` owns the waiter. Every change is a read-modify-write, so that what a
// setter wrote before is seen by whoever takes the wake-up, also when it was set already.
constexpr unsigned latched = 1;
constexpr unsigned waiting = 2;
constexpr unsigned closed = 4;

} // namespace

namespace detail {

bool runs_here(const asio::any_io_executor& executor) noexcept {
    if (const auto* plain = executor.target<asio::io_context::executor_type>()) {
        return plain->running_in_this_thread();
    }
    if (const auto* strand = executor.target<asio::strand<asio::any_io_executor>>()) {
        return strand->running_in_this_thread();
    }
    if (const auto* strand = executor.target<asio::strand<asio::io_context::executor_type>>()) {
        return strand->running_in_this_thread();
    }
    return false;
}

/// All signals of an execution context. A waiting handler often owns, in the end, the signal that
/// holds it; the context breaks that circle when it is destroyed, as it does for its own waits.
class signal_registry final : public asio::execution_context::service {
public:
    using key_type = signal_registry;
    inline static asio::execution_context::id id;

    explicit signal_registry(asio::execution_context& context) : service{context} {}

    void add(signal& added) {
        const std::lock_guard lock{mutex_};
        added.next_ = std::exchange(first_, &added);
        if (added.next_ != nullptr) {
            added.next_->previous_ = &added;
        }
    }

    void remove(signal& removed) noexcept {
        const std::lock_guard lock{mutex_};
        unlink(removed);
    }

    void shutdown() noexcept override {
        while (signal* const left = take_first()) {
            left->registry_ = nullptr;
            if ((left->state_.fetch_and(~waiting) & waiting) != 0) {
                left->waiter_.discard();
            }
        }
    }

private:
    signal* take_first() noexcept {
        const std::lock_guard lock{mutex_};
        signal* const taken = first_;
        if (taken != nullptr) {
            unlink(*taken);
        }
        return taken;
    }

    void unlink(signal& removed) noexcept {
        (removed.previous_ != nullptr ? removed.previous_->next_ : first_) = removed.next_;
        if (removed.next_ != nullptr) {
            removed.next_->previous_ = removed.previous_;
        }
        removed.previous_ = removed.next_ = nullptr;
    }

    std::mutex mutex_;
    signal* first_ = nullptr;
};

} // namespace detail

signal::signal(executor_type executor)
    : executor_{std::move(executor)},
      registry_{&asio::use_service<detail::signal_registry>(
          asio::query(executor_, asio::execution::context))} {
    registry_->add(*this);
}

signal::~signal() {
    if (registry_ != nullptr) {
        registry_->remove(*this);
    }
    if (link_) {
        *link_ = nullptr;
    }
    cancel();
}

void signal::set() {
    unsigned state = state_.load(std::memory_order_relaxed);
    while (!state_.compare_exchange_weak(state,
        (state & waiting) != 0 ? state & ~waiting : state | latched, std::memory_order_acq_rel,
        std::memory_order_relaxed)) {
    }
    if ((state & waiting) != 0) {
        waiter_.complete(executor_, {}, detail::resume::inline_if_possible);
    }
}

bool signal::try_wait() noexcept {
    return (state_.fetch_and(~latched, std::memory_order_acq_rel) & latched) != 0;
}

void signal::begin_wait() {
    unsigned state = state_.load(std::memory_order_relaxed);
    assert((state & waiting) == 0 && "a signal has one waiter");
    const auto next = [&] {
        return (state & latched) != 0 ? state & ~latched
             : (state & closed) != 0  ? state
                                      : state | waiting;
    };
    while (!state_.compare_exchange_weak(
        state, next(), std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    if ((state & latched) != 0) {
        waiter_.complete(executor_, {}, detail::resume::later);
    } else if ((state & closed) != 0) {
        waiter_.complete(executor_, errc::closed, detail::resume::later);
    }
}

void signal::cancel() { end_wait(0, asio::error::operation_aborted); }

void signal::close() { end_wait(closed, errc::closed); }

void signal::end_wait(unsigned also, boost::system::error_code error) {
    unsigned state = state_.load(std::memory_order_relaxed);
    while (!state_.compare_exchange_weak(
        state, (state & ~waiting) | also, std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    if ((state & waiting) != 0) {
        waiter_.complete(executor_, error, detail::resume::later);
    }
}

const std::shared_ptr<signal*>& signal::link() {
    if (!link_) {
        link_ = std::make_shared<signal*>(this);
    }
    return link_;
}

} // namespace crier
