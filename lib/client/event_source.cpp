#include <crier/client/event_source.hpp>

#include "async/durations.hpp"
#include "source_state.hpp"
#include "stream_reader.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace crier {
namespace {

void require(bool met, const char* otherwise) {
    if (!met) {
        throw std::invalid_argument{otherwise};
    }
}

void bring_into_range(event_source_options& options) {
    using std::chrono::milliseconds;
    const event_source_options defaults;
    for (milliseconds event_source_options::* const each :
        {&event_source_options::max_backoff, &event_source_options::connect_timeout,
            &event_source_options::handshake_timeout, &event_source_options::header_timeout,
            &event_source_options::silence_after, &event_source_options::idle_timeout}) {
        options.*each = detail::in_range(options.*each, std::min(defaults.*each, detail::never));
    }
    options.reconnection_time = detail::in_range(options.reconnection_time, milliseconds{0});
}

event_source_options checked(event_source_options options) {
    using namespace std::string_view_literals;
    require(options.last_event_id.find_first_of("\r\n\0"sv) == std::string::npos,
        "last_event_id must not hold CR, LF or NUL");
    require(options.event_limit > 0, "event_limit must be over zero");
    require(options.queue_events > 0, "queue_events must be over zero");
    bring_into_range(options);
    return options;
}

} // namespace

event_source::event_source(const executor_type& executor, std::string_view url)
    : event_source{executor, url, event_source_options{}} {}

event_source::event_source(
    const executor_type& executor, std::string_view url, event_source_options options) {
    options = checked(std::move(options));
    state_ = std::make_shared<detail::source_state>(executor, options);
    auto reader = std::make_unique<detail::stream_reader>(state_, url, std::move(options));
    state_->start(detail::stream_reader::run(std::move(reader)));
}

event_source& event_source::operator=(event_source&& other) noexcept {
    event_source taken{std::move(other)};
    std::swap(state_, taken.state_);
    return *this;
}

event_source::~event_source() {
    if (state_) {
        state_->abandon();
    }
}

const event_source::executor_type& event_source::get_executor() const noexcept {
    return state_->get_executor();
}

boost::asio::awaitable<event> event_source::receive() {
    return detail::receive_queue::receive(state_->queue());
}

const std::shared_ptr<detail::receive_queue>& event_source::queue() const noexcept {
    return state_->queue();
}

void event_source::close() noexcept { state_->close(); }

void event_source::reconnect() { state_->reconnect(); }

ready_state event_source::state() const noexcept { return state_->state(); }

const std::string& event_source::last_event_id() const noexcept { return state_->last_event_id(); }

} // namespace crier
