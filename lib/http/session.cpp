#include "session.hpp"

#include <crier/wire/errc.hpp>

#include "end_reason.hpp"
#include "pubsub/prefetch.hpp"
#include "response.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

session::session(
    std::shared_ptr<core> events, std::shared_ptr<shard> home, std::shared_ptr<sink> to, coding as)
    : home_{std::move(home)},
      seat_{std::make_shared<subscriber>(*this, events->options().ids, events->memory())},
      out_{std::move(to), as, events->options().heartbeat_interval},
      events_{std::move(events)} {}

session::~session() {
    if (counted_) {
        events_->session_ended(reason_);
    }
    seat_->read_by = nullptr;
    events_->unsubscribe(home_, seat_);
}

void session::begin(decision decided, std::unique_ptr<session_end> then) {
    out_.to().attach(this, weak_from_this());
    try {
        answer(std::move(decided));
    } catch (...) {
        failure_ = std::current_exception();
    }
    then_ = std::move(then);
    if (failure_) {
        let_go();
    } else {
        wake();
    }
}

void session::answer(decision decided) {
    try {
        if (!decided.instead) {
            subscribe(std::move(decided.topics), decided.where);
        }
    } catch (const boost::system::system_error&) {
        decided.instead = refuse({503, "shutting down"}, decided.fields);
    }
    if (decided.instead) {
        events_->no_session(decided.instead->reason);
        reason_ = decided.instead->reason;
        own_ = std::move(decided.instead->response);
        return;
    }
    events_->session_begins();
    counted_ = true;
    phase_ = phase::streaming;
    own_ = stream_opening(out_.get_coding(), decided.fields, decided.retry);
    if (decided.on_gap) {
        on_gap_ = std::make_unique<const gap_handler>(std::move(decided.on_gap));
        pending().hold_gaps();
    }
    out_.to().watch_peer();
}

void session::subscribe(std::vector<topic_options> topics, const subscribe_options& where) {
    try {
        events_->subscribe(home_, seat_, std::move(topics), where);
    } catch (...) {
        events_->unsubscribe(home_, seat_);
        throw;
    }
}

void session::cut() {
    cut_ = true;
    if (healing_) {
        healing_->emit(asio::cancellation_type::terminal);
    }
    wake();
}

void session::close() {
    if (!std::exchange(closed_, true)) {
        // However little a slow client takes of what is left at a time.
        give_up_ = clock::now() + out_.due().interval();
    }
    wake();
}

void session::wake() {
    if (busy_ || !then_) {
        return;
    }
    busy_ = true;
    try {
        advance();
    } catch (...) {
        failure_ = std::current_exception();
        let_go();
    }
    busy_ = false;
}

void session::fetch() const noexcept { prefetch(&out_.to(), 128); }

bool session::take(const entry_ptr& only, clock::time_point now) {
    if (phase_ != phase::streaming || busy_ || cut_ || closed_ || healing_ || !own_.empty()) {
        return false;
    }
    const std::string_view bytes = bytes_of(only->content, out_.get_coding());
    const std::size_t written = out_.write_some(bytes, now);
    if (written > 0 && written < bytes.size()) {
        pending().append(only);
        pending().advance(written, out_.get_coding());
        wake();
    }
    return written > 0;
}

/// Does all that can be done now.
void session::advance() {
    now_ = clock::now();
    switch (phase_) {
    case phase::streaming: stream(); return;
    case phase::answering:
    case phase::ending:
        if (flush_own()) {
            let_go();
        } else if (const auto failed = end_of()) {
            reason_ = phase_ == phase::ending ? end_reason_of(failed) : reason_;
            let_go();
        } else {
            arm();
        }
        return;
    case phase::closing:
        if (out_.to().idle()) {
            complete();
        }
        return;
    case phase::over: return;
    }
}

/// Writes of the own bytes what is taken at once, and tells whether that was all.
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

/// Writes of the backlog what is taken at once.
void session::flush() {
    while (!pending().empty()) {
        const backlog::buffers bytes = pending().gather(out_.get_coding());
        if (bytes.empty()) {
            return;
        }
        const std::size_t written = out_.write_some(bytes, now_);
        if (written == 0) {
            pending().pin(out_.to().in_flight());
            return;
        }
        pending().advance(written, out_.get_coding());
    }
}

/// What ends the stream before anything more is written.
boost::system::error_code session::end_of() const {
    if (cut_) {
        return asio::error::operation_aborted;
    }
    const auto failed = out_.failure(now_);
    return !failed && pending().overflowed() ? make_error_code(errc::overflow) : failed;
}

void session::stream() {
    if (healing_) {
        return;
    }
    if (!cut_ && flush_own()) {
        flush();
    }
    if (const auto ended = end_of()) {
        end(ended);
    } else if (on_gap_ && own_.empty() && !pending().empty() && pending().front_gap() != nullptr) {
        begin_healing();
    } else if (refill()) {
        // Others have their turn before a long past goes on.
        asio::post(home_->get_executor(), [self = shared_from_this()] { self->wake(); });
    } else if (closed_ && pending().empty() && own_.empty()) {
        end(seat_->shut_down ? errc::shut_down : errc::closed);
    } else if (now_ >= give_up_) {
        end(errc::stalled);
    } else {
        arm();
    }
}

/// Makes something to write where nothing waits: the next piece of the past, or a heartbeat. Tells
/// whether there is something, or may be.
bool session::refill() {
    if (!pending().empty() || !own_.empty()) {
        return false;
    }
    if (seat_->is_behind && (!closed_ || seat_->shut_down)) {
        events_->read_on(home_, seat_);
        return true;
    }
    if (!closed_ && out_.due().at(now_) == deadline::due::heartbeat) {
        pending().append(entry_ptr{new entry{events_->heartbeat()}});
        return true;
    }
    return false;
}

void session::begin_healing() {
    // More may be lost meanwhile, which is told later.
    pending().pin(1);
    healing_ = std::make_unique<asio::cancellation_signal>();
    heal(*pending().front_gap(), *on_gap_, events_, home_->get_executor(), healing_->slot(),
        [self = shared_from_this()](auto frames) { self->healed(std::move(frames)); });
}

void session::healed(std::vector<frame> frames) {
    healing_.reset();
    pending().pin(0);
    if (frames.empty()) {
        frames.push_back(pending().front()); // it was cut before it had begun
    }
    pending().replace_front_gap(frames);
    wake();
}

/// Ends the body, waiting for the client only where the stream was not cut.
void session::end(boost::system::error_code why) {
    reason_ = end_reason_of(why);
    const std::string_view last = stream_end(out_.get_coding());
    events_->unsubscribe(home_, seat_);
    if (reason_ == end_reason::shutdown || reason_ == end_reason::finished) {
        own_ = last;
        phase_ = phase::ending;
        advance();
        return;
    }
    const bool is_cut = reason_ == end_reason::cancelled || reason_ == end_reason::overflow;
    if (is_cut && own_.empty() && !pending().is_partly_written()) {
        out_.write_some(last, now_);
    }
    let_go();
}

/// The alarm stays where a write has moved the deadline: that would cost more than the write.
void session::arm() {
    if (!alarm_.is_linked()) {
        home_->timing().set(alarm_, out_.due().next());
    }
}

void session::let_go() {
    phase_ = phase::closing;
    home_->timing().clear(alarm_);
    out_.to().cancel();
    if (out_.to().idle()) {
        complete();
    }
}

/// Tells the end in a handler of its own, as whoever is told may destroy the session.
void session::complete() {
    asio::post(home_->get_executor(),
        [self = shared_from_this()] { (*self->then_)(self->reason_, self->failure_); });
    phase_ = phase::over;
    out_.to().attach(nullptr);
    on_gap_.reset(); // while the caller still waits
    if (std::exchange(counted_, false)) {
        events_->session_ended(reason_);
    }
}

} // namespace crier::detail
