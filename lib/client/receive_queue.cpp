#include <crier/client/detail/receive_queue.hpp>

#include "async/context_members.hpp"
#include "async/post_completion.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

std::size_t size_of(const event& each) {
    return each.type.size() + each.data.size() + each.id.size();
}

} // namespace

receive_queue::receive_queue(
    const executor_type& executor, std::size_t most_events, std::size_t most_bytes)
    : most_events_{most_events},
      most_bytes_{most_bytes},
      taken_{executor},
      all_{&context_members<receive_queue>::of(executor)} {
    all_->add(*this);
}

receive_queue::~receive_queue() {
    if (all_ != nullptr) {
        all_->remove(*this);
    }
}

void receive_queue::add(const event_view& from) {
    last_event_id_.reserve(from.id.size());
    events_.push_back(
        {std::string{from.type}, std::string{from.data}, std::string{from.id}, from.retry});
    bytes_ += size_of(events_.back());
    last_event_id_ = from.id;
}

void receive_queue::end(std::exception_ptr why, error_code error) noexcept {
    end_ = std::move(why);
    error_ = error;
}

void receive_queue::wake() {
    if (is_waiting_.exchange(false)) {
        go_on();
    }
}

void receive_queue::abandon() noexcept {
    is_abandoned_ = true;
    events_.clear();
    bytes_ = 0;
    cancel_receive();
}

asio::awaitable<event> receive_queue::receive(std::shared_ptr<receive_queue> from) {
    detail::begin_receive<receive_queue> initiation{from};
    const auto token = asio::as_tuple(asio::use_awaitable);
    auto [error, next] = co_await asio::async_initiate<decltype(token), void(error_code, event)>(
        std::move(initiation), token);
    if (!error) {
        co_return std::move(next);
    }
    if (from->end_ && error == from->error_) {
        std::rethrow_exception(from->end_);
    }
    throw system_error{error};
}

/// Later if there is something to tell: of two receives that are joined by `||`, both begin, and
/// the one that is over first cancels the other, which must not have taken an event by then.
void receive_queue::begin_receive() {
    if (all_ == nullptr) {
        wait_->discard(); // the context has gone, and would not destroy the handler any more
    } else if (runs_here(get_executor()) && !has_something_to_tell()) {
        await_wake();
    } else {
        const auto self = shared_from_this();
        post_typed(
            get_executor(), bind_memory(std::shared_ptr<small_handler_memory>{self, &beginning_},
                                [self] { self->go_on(); }));
    }
}

void receive_queue::cancel_receive() noexcept {
    wait_->is_cancelled = true;
    if (!is_waiting_.exchange(false)) {
        return;
    }
    wait_->results = {asio::error::operation_aborted, event{}};
    try {
        post_completion(wait_, shared_from_this());
    } catch (...) {
        // An executor of somebody else's that has no memory: whoever wakes next tries again.
        is_waiting_ = true;
    }
}

void receive_queue::context_gone() noexcept {
    const auto self = shared_from_this();
    all_ = nullptr;
    is_waiting_ = false;
    if (wait_->place.is_taken() && !wait_->is_elsewhere) {
        wait_->discard();
    }
}

bool receive_queue::is_full() const noexcept {
    return events_.size() >= most_events_ || (events_.size() > 1 && bytes_ > most_bytes_);
}

bool receive_queue::has_something_to_tell() const noexcept {
    return returned_ || !events_.empty() || end_;
}

void receive_queue::await_wake() {
    is_waiting_ = true;
    // A cancellation on another executor may have come just before.
    if (wait_->is_cancelled && is_waiting_.exchange(false)) {
        complete(asio::error::operation_aborted);
    }
}

void receive_queue::go_on() {
    if (is_abandoned_) {
        returned_.reset();
    }
    if (wait_->is_cancelled) {
        complete(asio::error::operation_aborted);
    } else if (returned_ || !events_.empty()) {
        complete({}, take());
    } else if (end_) {
        complete(error_);
    } else {
        await_wake();
    }
}

event receive_queue::take() {
    if (returned_) {
        event next = std::move(*returned_);
        returned_.reset();
        return next;
    }
    event next = std::move(events_.front());
    events_.pop_front();
    bytes_ -= size_of(next);
    try {
        taken_.set();
    } catch (...) { // NOLINT(bugprone-empty-catch): who reads on has failed; this event is here
    }
    return next;
}

void receive_queue::complete(error_code error, event received) {
    wait_->results = {error, std::move(received)};
    if (runs_here(wait_->where)) {
        wait_->complete();
        return;
    }
    try {
        post_completion(wait_, shared_from_this());
    } catch (...) {
        // An executor of somebody else's that has no memory: whoever wakes next tries again.
        take_back();
        is_waiting_ = true;
    }
}

void receive_queue::take_back() noexcept {
    auto& [error, received] = wait_->results;
    if (!error) {
        returned_ = std::move(received);
    }
}

} // namespace crier::detail
