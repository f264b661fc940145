#include "session.hpp"

#include <crier/wire/errc.hpp>

#include "async/context_members.hpp"
#include "end_reason.hpp"
#include "pubsub/prefetch.hpp"
#include "response.hpp"
#include "stream_counters.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <new>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

namespace {

/// How soon something is tried again that there was no memory for.
constexpr std::chrono::milliseconds soon{100};

} // namespace

session::session(std::shared_ptr<manager_state> events, std::shared_ptr<shard> on,
    std::shared_ptr<sink> to, decision&& decided, session_end& then)
    : subscriber{events->options().ids, events->account()},
      coding_{decided.as},
      out_{std::move(to), events->options().heartbeat_interval},
      shard_{std::move(on)},
      decided_{std::make_unique<decision>(std::move(decided))},
      events_{std::move(events)},
      then_{&then} {}

boost::intrusive_ptr<session> session::make(std::shared_ptr<manager_state> events,
    std::shared_ptr<shard> on, std::shared_ptr<sink> to, decision decided, session_end& then) {
    return {new session{std::move(events), std::move(on), std::move(to), std::move(decided), then}};
}

void session::start() {
    /// It lies in the frame of `co_spawn`, beside the completion, which keeps the session.
    struct running {
        session* self;

        shard_coroutine operator()() {
            self->outer_frame_ = reinterpret_cast<const char*>(this);
            return run(self);
        }
    };
    auto& all = context_members<session>::of(shard_->get_executor());
    all.add(*this);
    try {
        asio::co_spawn(shard_executor{shard_place{*shard_}}, running{this},
            [self = boost::intrusive_ptr{this}](
                const std::exception_ptr& failure) noexcept { self->tell_end(failure); });
    } catch (...) {
        all.remove(*this);
        throw;
    }
}

/// The stream from its opening to its end.
shard_coroutine session::run(session* self) {
    self->frame_ = reinterpret_cast<const char*>(&self);
    try {
        const bool is_open = self->begin();
        while (is_open) {
            self->write_what_waits();
            if (self->note_failure() || self->is_read_to_the_end()) {
                break;
            }
            if (self->is_at_a_gap()) {
                co_await heal(self);
                continue;
            }
            if (self->has_past_to_read()) {
                self->read_on();
            } else {
                self->keep_alive();
            }
            if (!self->out_.woken().take()) {
                self->is_idle_ = self->has_nothing_to_do();
                co_await self->out_.woken().next();
                self->is_idle_ = false;
            }
        }
    } catch (...) {
        self->failure_ = std::current_exception();
    }
    co_await finish(self);
}

/// Subscribes, and opens the stream. False: a reply in its place is to be sent.
bool session::begin() {
    const std::unique_ptr<decision> decided = std::move(decided_);
    try {
        if (!decided->instead) {
            events_->subscribe(shard_, *this, std::move(decided->topics), decided->options);
        }
    } catch (const boost::system::system_error&) {
        decided->instead = refuse({503, "shutting down"}, decided->fields);
    }
    if (decided->instead) {
        reason_ = decided->instead->reason;
        own_ = std::move(decided->instead->response);
        waits_for_client_ = true;
        streams_of(*events_).refused(reason_);
        return false;
    }
    streams_of(*events_).opened();
    is_counted_ = true;
    own_ = stream_opening(coding_, decided->fields, decided->retry);
    if (decided->on_gap) {
        on_gap_ = std::make_unique<const gap_handler>(std::move(decided->on_gap));
        pending.hold_gaps();
    }
    out_.to().watch_peer();
    return true;
}

/// Writes what the client takes at once.
void session::write_what_waits() {
    now_ = clock::now();
    if (end != ending::none && give_up_ == clock::time_point::max()) {
        // However little a slow client takes of what is left at a time.
        give_up_ = now_ + out_.due().interval();
    }
    if (is_cut_ || !flush_own()) {
        return;
    }
    const frame_bytes bytes = bytes_as(coding_);
    while (!pending.empty()) {
        const event_queue::buffers next = pending.gather(bytes);
        const std::size_t written = next.empty() ? 0 : out_.write_some(next, now_);
        if (written == 0) {
            pending.pin(next.empty() ? 0 : out_.to().in_flight());
            return;
        }
        pending.advance(written, bytes);
    }
}

/// Writes what the sink takes at once of the own bytes: those that are no event's. True: that was
/// all.
bool session::flush_own() {
    while (!own_.empty()) {
        const std::size_t written = out_.write_some(own_, now_);
        if (written == 0) {
            return false;
        }
        own_.erase(0, written);
    }
    std::string{}.swap(own_); // what follows may last for days
    return true;
}

/// Notes the reason, where the stream ends before anything more is written. True: it does.
bool session::note_failure() {
    boost::system::error_code why;
    if (is_cut_) {
        why = asio::error::operation_aborted;
    } else if (const auto failed = out_.failure(now_)) {
        why = failed;
    } else if (pending.overflowed()) {
        why = errc::overflow;
    } else if (now_ >= give_up_ && !is_read_to_the_end()) {
        why = errc::stalled;
    }
    if (why) {
        reason_ = end_reason_of(why);
    }
    return why.failed();
}

bool session::is_read_to_the_end() const noexcept {
    const bool is_over = end != ending::none && pending.empty() && own_.empty();
    return is_over && (!is_behind || end == ending::closed);
}

bool session::is_at_a_gap() noexcept {
    return on_gap_ && own_.empty() && !pending.empty() && pending.front_gap() != nullptr;
}

/// Asks for something to be written in the place of a gap, and does nothing else meanwhile.
shard_coroutine session::heal(session* self) {
    // More may be missed meanwhile, which is told later.
    self->pending.pin(1);
    self->healing_ = std::make_unique<asio::cancellation_signal>();
    ask_for_frames(*self->pending.front_gap(), *self->on_gap_, self->events_,
        self->shard_->get_executor(), self->healing_->slot(),
        [kept = boost::intrusive_ptr{self}](const std::vector<frame>& frames) {
            kept->healing_.reset();
            kept->pending.pin(0);
            if (!frames.empty()) {
                kept->pending.replace_front_gap(frames);
            } // else it was cut before it had begun
            kept->out_.wake();
        });
    while (self->healing_) {
        if (!self->out_.woken().take()) {
            co_await self->out_.woken().next();
        }
    }
}

bool session::has_past_to_read() const noexcept {
    return is_behind && pending.empty() && own_.empty();
}

/// Reads the next piece of the past. Others have their turn before it is written.
void session::read_on() {
    std::chrono::milliseconds wait{0};
    try {
        events_->read_on(shard_, *this);
    } catch (const std::bad_alloc&) {
        wait = soon;
    }
    out_.arm_at(shard_->timing(), now_ + wait);
}

/// Lets a heartbeat be written where the stream was silent for long enough.
void session::keep_alive() {
    if (!pending.empty() && !out_.due().is_blocked()) {
        out_.arm_at(shard_->timing(), now_ + soon); // no memory to tell of a gap
    } else if (pending.empty() && own_.empty() && out_.due().at(now_) == deadline::due::heartbeat) {
        own_ = bytes_of(events_->heartbeat(), coding_);
        out_.wake();
    } else {
        out_.arm(shard_->timing());
    }
}

/// Sends the stream's last bytes, and waits for the client to take them where it was not cut.
shard_coroutine session::finish(session* self) {
    self->end_body();
    while (self->waits_for_client_ && !self->flush_own()) {
        const auto failed = self->is_cut_
                              ? boost::system::error_code{asio::error::operation_aborted}
                              : self->out_.failure(self->now_);
        if (failed) {
            self->reason_ = self->is_counted_ ? end_reason_of(failed) : self->reason_;
            break;
        }
        self->out_.arm(self->shard_->timing());
        if (!self->out_.woken().take()) {
            co_await self->out_.woken().next();
        }
        self->now_ = clock::now();
    }
    self->out_.close(self->shard_->timing());
    while (!self->out_.is_idle()) {
        co_await self->out_.woken().next();
    }
}

bool session::has_nothing_to_do() const noexcept {
    return end == ending::none && pending.empty() && own_.empty() && !is_behind;
}

/// While the coroutine has nothing to do, this writes in its place: beside the kernel's, a delivery
/// takes 270 instructions then, and 940 where the event is queued and the coroutine resumed.
bool session::take(const entry_ptr& only, clock::time_point now) {
    if (!is_idle_ || !pending.has_place()) {
        return false;
    }
    const std::string_view bytes = bytes_of(only->content, coding_);
    const std::size_t written = out_.write_some(bytes, now);
    if (written > 0 && written < bytes.size()) {
        pending.append(only);
        pending.advance(written, bytes_as(coding_));
        out_.wake();
    }
    return written > 0;
}

void session::end_body() {
    now_ = clock::now();
    events_->unsubscribe(shard_, *this);
    if (failure_ || !is_counted_) {
        return;
    }
    const std::string_view last = stream_end(coding_);
    const bool ends_here = reason_ == end_reason::cancelled || reason_ == end_reason::overflow;
    if (!note_failure()) {
        reason_ = end == ending::shut_down ? end_reason::shutdown : end_reason::finished;
        own_ = last;
        waits_for_client_ = true;
    } else if (ends_here && own_.empty() && !pending.is_partly_written()) {
        out_.write_some(last, now_);
    }
}

void session::cut() {
    is_cut_ = true;
    if (healing_) {
        healing_->emit(asio::cancellation_type::terminal);
    }
    out_.wake();
}

/// By the completion of its coroutine.
void session::tell_end(const std::exception_ptr& failure) noexcept {
    context_members<session>::of(shard_->get_executor()).remove(*this);
    out_.release();
    on_gap_.reset(); // while the caller still waits
    if (std::exchange(is_counted_, false)) {
        streams_of(*events_).ended(reason_);
    }
    std::exchange(then_, nullptr)->ended(reason_, failure ? failure : failure_);
}

void session::context_gone() noexcept {
    const boost::intrusive_ptr<session> self{this};
    events_->forget(*this);
    std::exchange(then_, nullptr)->abandoned();
    out_.disarm(shard_->timing());
    out_.woken().drop();
}

session::~session() {
    events_->forget(*this);
    if (is_counted_) {
        streams_of(*events_).ended(reason_);
    }
    if (then_ != nullptr) {
        then_->abandoned();
    }
}

void session::fetch_ahead() const noexcept {
    prefetch(out_.where(), 128);
    if (is_idle_) {
        return;
    }
    // What resuming the coroutine touches: most of the coroutine's own frame, and a little of
    // co_spawn's.
    __builtin_prefetch(frame_ - 80);
    __builtin_prefetch(frame_ - 20);
    __builtin_prefetch(frame_ + 40);
    __builtin_prefetch(outer_frame_ - 60);
    __builtin_prefetch(outer_frame_ - 4);
}

} // namespace crier::detail
