#include "receive_queue.hpp"

#include "async/give_way.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;

std::size_t size_of(const event& each) {
    return each.type.size() + each.data.size() + each.id.size();
}

} // namespace

receive_queue::receive_queue(
    const asio::any_io_executor& executor, std::size_t most_events, std::size_t most_bytes)
    : most_events_{most_events}, most_bytes_{most_bytes}, arrived_{executor}, room_{executor} {}

void receive_queue::add(const event_view& from) {
    last_event_id_.reserve(from.id.size());
    events_.push_back(
        {std::string{from.type}, std::string{from.data}, std::string{from.id}, from.retry});
    bytes_ += size_of(events_.back());
    last_event_id_ = from.id;
}

flow<void> receive_queue::wait_for_room() {
    while (is_full()) {
        co_await wait_for(room_);
    }
}

asio::awaitable<event> receive_queue::receive() {
    struct presence {
        bool& mark;
        ~presence() { mark = false; }
    };
    if (std::exchange(receiving_, true)) {
        throw std::logic_error{"an event_source has one receiver at a time"};
    }
    const presence present{receiving_};
    co_await give_way_to_cancellation();
    while (events_.empty()) {
        if (end_) {
            std::rethrow_exception(end_);
        }
        co_await arrived_.async_wait(asio::use_awaitable);
    }
    event next = std::move(events_.front());
    events_.pop_front();
    bytes_ -= size_of(next);
    try {
        room_.set();
    } catch (...) { // NOLINT(bugprone-empty-catch): who reads on has failed; this event is here
    }
    co_return next;
}

void receive_queue::abandon() {
    events_.clear();
    bytes_ = 0;
    arrived_.cancel();
}

bool receive_queue::is_full() const noexcept {
    return events_.size() >= most_events_ || (events_.size() > 1 && bytes_ > most_bytes_);
}

} // namespace crier::detail
