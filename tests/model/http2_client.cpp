#include "http2_client.hpp"

#include <algorithm>
#include <utility>

namespace crier::model {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t usual_window = 65'535;

} // namespace

void http2_client::read(wire& from) {
    begin(from);
    bool has_left = false;
    auto heard = clock::now();
    bool goes_on = true;
    while (goes_on && has_streams() && !has_left) {
        stall_at_times();
        goes_on = session_->receive(some_of(2048)) && clock::now() - heard < 30s;
        while (const auto frame = session_->next()) {
            heard = clock::now();
            take(*frame);
        }
        has_left = leave_at_times();
        open_windows();
    }
    for (stream& each : streams_) {
        if (each.id != 0) {
            keep(each, has_left);
        }
    }
}

void http2_client::begin(wire& on) {
    // A stream that stalls has others beside it that wait for their windows.
    on.wait_at_most(5ms);
    window_ = some_window();
    session_.emplace(on, window_);
    unopened_ = 0;
    goes_away_ = false;
    is_in_hurry_ = false;
    streams_.clear();
    for (reader& each : my_readers()) {
        if (!each.is_at_end) {
            open(streams_.emplace_back(stream{&each}));
        }
    }
}

std::uint32_t http2_client::some_window() { return std::min(256U << random()(9), usual_window); }

bool http2_client::has_streams() const {
    return std::ranges::any_of(streams_, [](const stream& each) { return each.id != 0; });
}

void http2_client::open(stream& which) {
    which = {which.to, session_->get(which.to->target(), which.to->last_event_id())};
    which.leave_at = enough();
}

void http2_client::keep(stream& which, bool has_left) {
    if (which.is_taken) {
        which.to->keep(which.body, has_left);
    }
    which.id = 0;
}

void http2_client::take(const test::http2_frame& frame) {
    if (frame.type == NGHTTP2_GOAWAY) {
        goes_away_ = true;
    }
    // Of a stream that was left, too: they change what is read after them.
    const std::string head = frame.type == NGHTTP2_HEADERS ? session_->inflated(frame) : "";
    unopened_ += frame.type == NGHTTP2_DATA ? static_cast<std::uint32_t>(frame.payload.size()) : 0;
    const auto to = std::ranges::find(streams_, frame.id, &stream::id);
    if (frame.id == 0 || to == streams_.end()) {
        return;
    }
    switch (frame.type) {
    case NGHTTP2_HEADERS: to->is_taken = head.starts_with(":status: 200\n"); break;
    case NGHTTP2_DATA: take_data(*to, frame); break;
    case NGHTTP2_RST_STREAM: end(*to, false); return;
    default: return;
    }
    if (frame.has(NGHTTP2_FLAG_END_STREAM)) {
        end(*to, to->is_taken);
    }
}

void http2_client::take_data(stream& to, const test::http2_frame& frame) {
    to.body += frame.payload;
    to.unopened += static_cast<std::uint32_t>(frame.payload.size());
    if (random()(64) == 0) {
        to.stalls_until = clock::now() + std::chrono::milliseconds{random()(60)};
    }
}

void http2_client::end(stream& which, bool properly) {
    keep(which, false);
    which.to->is_at_end = properly && around().is_closing;
    if (!goes_away_ && !which.to->is_at_end) {
        open(which);
    }
}

bool http2_client::leave_at_times() {
    if (around().is_over) {
        return false;
    }
    for (stream& each : streams_) {
        if (each.id != 0 && each.body.size() >= each.leave_at) {
            if (random()(2) == 0) {
                return true;
            }
            session_->reset(each.id);
            keep(each, true);
            if (!goes_away_) {
                open(each);
            }
        }
    }
    return false;
}

/// By half of their size at once, so that the server is not flooded with updates.
void http2_client::open_windows() {
    if (around().is_over && !is_in_hurry_) {
        is_in_hurry_ = true;
        window_ = usual_window;
        session_->set_window(window_);
    } else if (!is_in_hurry_ && random()(128) == 0) {
        window_ = some_window();
        session_->set_window(window_);
    }
    if (unopened_ > usual_window / 2) {
        session_->open_window(0, std::exchange(unopened_, 0));
    }
    for (stream& each : streams_) {
        const bool stalls = !is_in_hurry_ && clock::now() < each.stalls_until;
        if (each.id != 0 && each.unopened > window_ / 2 && !stalls) {
            session_->open_window(each.id, std::exchange(each.unopened, 0));
        }
    }
}

} // namespace crier::model
