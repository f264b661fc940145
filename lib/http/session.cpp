#include "session.hpp"

#include <crier/wire/errc.hpp>

#include "async/context_members.hpp"
#include "end_reason.hpp"
#include "pubsub/prefetch.hpp"
#include "stream_counters.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <chrono>
#include <new>
#include <string_view>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

namespace {

/// How soon something is tried again that there was no memory for.
constexpr std::chrono::milliseconds soon{100};

/// Takes a block that Asio keeps for the thread's next coroutine, however small that is: a stream
/// must not hold a request's, which is larger, for its whole life.
shard_coroutine nothing() { co_return; }

} // namespace

session::session(std::shared_ptr<manager_state> events, std::shared_ptr<shard> on,
    std::shared_ptr<sink> to, decision&& decided, session_end& then)
    : subscriber{events->options().ids, events->account()},
      coding_{decided.as},
      out_{std::move(to), events->options().heartbeat_interval, decided.send_buffer},
      shard_{std::move(on)},
      decided_{std::make_unique<decision>(std::move(decided))},
      events_{std::move(events)},
      then_{&then} {
    events_->left().add();
}

boost::intrusive_ptr<session> session::make(std::shared_ptr<manager_state> events,
    std::shared_ptr<shard> on, std::shared_ptr<sink> to, decision decided, session_end& then) {
    return {new session{std::move(events), std::move(on), std::move(to), std::move(decided), then}};
}

void session::start() {
    auto& all = context_members<session>::of(shard_->get_executor());
    all.add(*this);
    try {
        const std::array<shard_coroutine, 2> meanwhile{nothing(), nothing()};
        asio::co_spawn(shard_executor{shard_place{*shard_}}, stream(this),
            [self = boost::intrusive_ptr{this}](
                const std::exception_ptr& failure) noexcept { self->tell_end(failure); });
    } catch (...) {
        all.remove(*this);
        throw;
    }
}

/// The stream from its opening to its end.
shard_coroutine session::stream(session* self) {
    self->begin();
    // In one place, as each place to wait takes 16 bytes or more in the frame of an idle stream.
    while (self->go_on()) {
        if (!self->out_.woken().take()) {
            self->is_idle_ = self->has_nothing_to_do();
            co_await self->out_.woken().next();
            self->is_idle_ = false;
        }
    }
}

void session::begin() noexcept {
    try {
        open();
    } catch (...) {
        failure_ = std::current_exception();
        end_body();
    }
}

/// Subscribes, and opens the stream; or lets a reply be sent in its place.
void session::open() {
    decision& decided = *decided_;
    shard_->add_resident(*this); // so that a shutdown can cut it, whatever it is at
    try {
        if (!decided.instead) {
            events_->subscribe(shard_, *this, std::move(decided.topics), decided.options);
        }
    } catch (const std::bad_alloc&) {
        throw;
    } catch (...) {
        decided.instead = answer_without_subscription(decided);
    }
    if (decided.instead) {
        reason_ = decided.instead->reason;
        decided.note(decided.instead->response);
        out_.add_own(decided.instead->response);
        phase_ = phase::sending_the_end;
        streams_of(*events_).refused(reason_);
        return;
    }
    streams_of(*events_).opened();
    is_open_ = true;
    decided.note(decided.opening);
    out_.add_own(decided.opening);
    if (decided.on_gap) {
        healing_ = std::make_unique<healing>(std::move(decided.on_gap), pending);
    }
    out_.to().watch_peer();
}

/// Notes what is handled now, which a subscription threw, unless it is foreseen; and what the
/// client gets for it.
reply session::answer_without_subscription(const decision& decided) {
    failure_ = std::current_exception();
    try {
        throw;
    } catch (const boost::system::system_error& error) {
        if (error.code() == errc::topic_closed) {
            failure_ = nullptr;
            return refuse_for_good(decided.fields);
        }
        if (error.code() == errc::shut_down) {
            failure_ = nullptr;
            return refuse({503, "shutting down"}, decided.fields, decided.style);
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): whoever serves the stream is told
    }
    return refuse({500, "internal error"}, decided.fields, decided.style);
}

/// Does what there is to do. False: the stream is over, and no handler of its sink is outstanding.
bool session::go_on() {
    return (phase_ == phase::streaming && go_on_streaming()) ||
           (phase_ == phase::sending_the_end && go_on_sending_the_end()) || !out_.is_idle();
}

/// False: the body has ended.
bool session::go_on_streaming() {
    try {
        if (take_turn()) {
            return true;
        }
    } catch (...) {
        failure_ = std::current_exception();
    }
    end_body();
    return false;
}

/// Writes what waits, and sees to it that the coroutine is woken when there is something to do.
/// False: the stream is at its end.
bool session::take_turn() {
    if (healing_ && healing_->is_under_way()) {
        return true;
    }
    const clock::time_point now = clock::now();
    write_what_waits(now);
    if (note_failure(now) || is_read_to_the_end()) {
        return false;
    }
    if (is_at_a_gap()) {
        heal();
    } else if (has_past_to_read()) {
        read_on(now);
    } else {
        keep_alive(now);
    }
    return true;
}

/// Writes what the client takes at once.
void session::write_what_waits(clock::time_point now) {
    if (end != end_kind::none && give_up_ == clock::time_point::max()) {
        // However little a slow client takes of what is left at a time.
        give_up_ = now + out_.due().interval();
    }
    if (!why_cut()) {
        out_.flush(pending, coding_, now);
    }
    if (!out_.has_own()) {
        decided_.reset(); // it kept the opening; what follows may last for days
    }
}

/// Why the stream is to end now, as it is; no error: it is not.
boost::system::error_code session::why_cut() const noexcept {
    boost::system::error_code why;
    if (is_cut_) {
        why = asio::error::operation_aborted;
    } else if (end == end_kind::cut) {
        why = errc::shut_down;
    }
    return why;
}

/// Notes the reason, where the stream ends before anything more is written. True: it does.
bool session::note_failure(clock::time_point now) {
    boost::system::error_code why = why_cut();
    if (!why) {
        why = out_.failure(now);
    }
    if (!why && pending.overflowed()) {
        why = errc::overflow;
    }
    if (!why && now >= give_up_ && !is_read_to_the_end()) {
        why = errc::stalled;
    }
    if (why) {
        reason_ = end_reason_of(why);
    }
    return why.failed();
}

bool session::is_read_to_the_end() const noexcept {
    return end != end_kind::none && has_nothing_waiting() &&
           (!is_behind || end == end_kind::closed);
}

bool session::is_at_a_gap() const noexcept {
    return healing_ && !out_.has_own() && healing_->is_due();
}

/// Heals the gap that is next. Until that is over, nothing else is done.
void session::heal() {
    healing_->begin(events_, shard_->get_executor(),
        [kept = boost::intrusive_ptr{this}](bool is_healed) { kept->note_healed(is_healed); });
}

/// Goes on by the alarm, as this may run within a cancellation; and not where the context has gone.
void session::note_healed(bool is_healed) noexcept {
    if (then_ != nullptr) {
        out_.arm_at(
            shard_->timing(), clock::now() + (is_healed ? std::chrono::milliseconds{0} : soon));
    }
}

bool session::has_nothing_waiting() const noexcept { return pending.empty() && !out_.has_own(); }

bool session::has_past_to_read() const noexcept { return is_behind && has_nothing_waiting(); }

/// Reads the next piece of the past. Others have their turn before it is written.
void session::read_on(clock::time_point now) {
    try {
        const bool has_read = events_->read_on(shard_, *this);
        if (has_read) {
            shard_->wake_in_turn(*this);
        } else {
            keep_alive(now);
        }
    } catch (const std::bad_alloc&) {
        out_.arm_at(shard_->timing(), now + soon);
    }
}

/// Lets a heartbeat be written where the stream was silent for long enough.
void session::keep_alive(clock::time_point now) {
    if (!pending.empty() && !out_.due().is_blocked()) {
        out_.arm_at(shard_->timing(), now + soon); // no memory to tell of a gap
    } else if (has_nothing_waiting() && out_.due().at(now) == deadline::due::heartbeat) {
        out_.add_own(bytes_of(events_->heartbeat(), coding_));
        out_.wake();
    } else {
        out_.arm(shard_->timing());
    }
}

bool session::has_nothing_to_do() const noexcept {
    return phase_ == phase::streaming && end == end_kind::none && has_nothing_waiting() &&
           !is_behind;
}

/// While the coroutine has nothing to do, this writes in its place: beside the kernel's, a delivery
/// takes 270 instructions then, and 940 where the event is queued and the coroutine resumed.
bool session::take(const entry_ptr& only, clock::time_point now) {
    return is_idle_ && pending.is_empty_and_reserved() &&
           out_.write_past(pending, only, coding_, now);
}

/// Lets go of the topics, and adds what ends the body where the client may still get it.
void session::end_body() {
    events_->unsubscribe(shard_, *this);
    const clock::time_point now = clock::now();
    if (!failure_ && !note_failure(now)) {
        reason_ = end == end_kind::shut_down    ? end_reason::shutdown
                : end == end_kind::topic_closed ? end_reason::topic_closed
                                                : end_reason::ended;
        out_.add_own(stream_end(coding_));
        phase_ = phase::sending_the_end;
        return;
    }
    const bool ends_here =
        reason_ == end_reason::cancelled || reason_ == end_reason::overflow || end == end_kind::cut;
    if (!failure_ && ends_here && !out_.has_own() && !pending.is_partly_written()) {
        out_.write_some(stream_end(coding_), now);
        out_.to().finish();
    }
    close();
}

/// False: the client has taken all, or cannot be waited for any longer.
bool session::go_on_sending_the_end() {
    const clock::time_point now = clock::now();
    if (!out_.flush_own(now)) {
        boost::system::error_code failed = why_cut();
        if (!failed) {
            failed = out_.failure(now);
        }
        if (!failed) {
            out_.arm(shard_->timing());
            return true;
        }
        reason_ = is_open_ ? end_reason_of(failed) : reason_;
    } else {
        out_.to().finish();
    }
    close();
    return false;
}

void session::close() noexcept {
    phase_ = phase::closing;
    out_.close(shard_->timing());
}

void session::wake() {
    if (end == end_kind::cut && healing_) {
        healing_->cancel();
    }
    out_.wake();
}

void session::cut() {
    is_cut_ = true;
    if (healing_) {
        healing_->cancel();
    }
    out_.wake();
}

/// By the completion of its coroutine.
void session::tell_end(const std::exception_ptr& failure) noexcept {
    context_members<session>::of(shard_->get_executor()).remove(*this);
    out_.release();
    healing_.reset(); // while the caller still waits
    if (std::exchange(is_open_, false)) {
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

void session::disown() noexcept {
    struct nobody final : session_end {
        void ended(end_reason /*reason*/, const std::exception_ptr& /*failure*/) noexcept override {
        }
        void abandoned() noexcept override {}
    };
    static nobody none;
    std::exchange(then_, &none)->abandoned();
}

session::~session() {
    events_->forget(*this);
    if (is_open_) {
        streams_of(*events_).ended(reason_);
    }
    if (then_ != nullptr) {
        then_->abandoned();
    }
    events_->left().remove();
}

void session::fetch_ahead() const noexcept { prefetch(out_.where(), 128); }

} // namespace crier::detail
