#include <crier/client/event_source.hpp>

#include "source_state.hpp"
#include "url.hpp"

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

detail::http_url checked_url(std::string_view text) {
    auto url = detail::parse_url(text);
    if (!url) {
        throw std::invalid_argument{'"' + std::string{text} + "\": " + url.error().message()};
    }
    return std::move(*url);
}

event_source_options checked(event_source_options options) {
    using namespace std::string_view_literals;
    using std::chrono::milliseconds;
    constexpr milliseconds zero{0};
    require(options.last_event_id.find_first_of("\r\n\0"sv) == std::string::npos,
        "last_event_id must not hold CR, LF or NUL");
    require(options.reconnection_time >= zero, "reconnection_time must not be negative");
    require(options.max_backoff >= zero, "max_backoff must not be negative");
    require(options.connect_timeout > zero, "connect_timeout must be over zero");
    require(options.handshake_timeout > zero, "handshake_timeout must be over zero");
    require(options.header_timeout > zero, "header_timeout must be over zero");
    require(options.idle_timeout >= zero, "idle_timeout must not be negative");
    require(options.event_limit > 0, "event_limit must be over zero");
    require(options.queue_events > 0, "queue_events must be over zero");
    for (milliseconds* each : {&options.connect_timeout, &options.handshake_timeout,
             &options.header_timeout, &options.idle_timeout, &options.max_backoff}) {
        *each = std::min(*each, detail::backoff::longest_wait);
    }
    return options;
}

} // namespace

event_source::event_source(const executor_type& executor, std::string_view url)
    : event_source{executor, url, event_source_options{}} {}

event_source::event_source(
    const executor_type& executor, std::string_view url, event_source_options options)
    : state_{std::make_shared<detail::source_state>(
          executor, checked_url(url), checked(std::move(options)))} {
    state_->start();
}

event_source& event_source::operator=(event_source&& other) noexcept {
    event_source taken{std::move(other)};
    std::swap(state_, taken.state_);
    return *this;
}

event_source::~event_source() {
    if (state_) {
        state_->forget_observers();
        state_->close();
    }
}

const event_source::executor_type& event_source::get_executor() const noexcept {
    return state_->get_executor();
}

boost::asio::awaitable<event> event_source::receive() {
    return detail::source_state::receive(state_);
}

void event_source::close() { state_->close(); }

void event_source::reconnect() { state_->reconnect(); }

ready_state event_source::state() const noexcept { return state_->state(); }

const std::string& event_source::last_event_id() const noexcept { return state_->last_event_id(); }

} // namespace crier
