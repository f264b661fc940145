#include "publishing.hpp"

#include <crier/wire/errc.hpp>

#include "journaling.hpp"
#include "log_line.hpp"

#include <utility>

namespace crier::detail {

boost::system::result<event_id> publishing::publish(const publication& what) {
    if (what.topic.size() > of_.options.name_bytes) {
        return refuse(what, errc::invalid_topic);
    }
    if (of_.shared != nullptr) {
        return send(what);
    }
    draft drawn{{of_.options, of_.topics, of_.epoch, of_.account()}, what};
    owed_drains owed;
    owed_wake woken;
    std::unique_lock lock{of_.guard};
    sight seen = look(what);
    while (!drawn.is_ready_for(seen)) {
        lock.unlock();
        if (const auto refused = drawn.prepare(seen)) {
            return refuse(what, refused);
        }
        lock.lock();
        seen = look(what);
    }
    if (seen.is_shut_down) {
        return errc::shut_down;
    }
    const bool is_for_nobody = drawn.is_for_nobody(seen);
    if (!is_for_nobody && waits_for_journal(seen, drawn)) {
        return enqueue(what, drawn, seen, owed, woken);
    }
    if (journal_ != nullptr && !journal_->may_number()) {
        return errc::journal_full;
    }
    return is_for_nobody ? publish_to_nobody(what) : commit(what, drawn, seen, owed);
}

void publishing::publish(publication what, const acknowledgement& then) {
    what.then = then;
    const auto known = [&] {
        try {
            return publish(what);
        } catch (...) {
            then->clear(); // the exception tells
            throw;
        }
    }();
    const bool is_untold = what.then != nullptr; // else it went with the event
    if (is_untold) {
        tell(
            then, known ? boost::system::error_code{} : known.error(), known ? *known : event_id{});
    }
}

/// Its topic, if there is one and, for a run of a polling service, while that lasts.
topic* publishing::topic_of(const publication& what) const noexcept {
    topic* const found = of_.topics.find(what.topic);
    const bool is_its_own =
        found != nullptr && (what.run == nullptr || what.run == found->polling.get());
    return is_its_own ? found : nullptr;
}

sight publishing::look(const publication& what) const {
    sight seen;
    seen.is_shut_down = of_.is_shut_down;
    seen.next_sequence = of_.sequence + 1;
    if (topic* const found = topic_of(what)) {
        seen.to = found;
        seen.last = found->last;
        seen.lanes = found->lanes.size();
    }
    return seen;
}

/// Tells of an event that cannot be published, once for each topic and reason.
boost::system::error_code publishing::refuse(
    const publication& what, boost::system::error_code why) {
    of_.refused.fetch_add(1, std::memory_order_relaxed);
    const unsigned bit = 1U << (static_cast<unsigned>(why.value()) % 32);
    {
        const std::lock_guard lock{of_.guard};
        topic* const found = of_.topics.find(what.topic);
        unsigned& logged = found != nullptr ? found->refusals_logged : refusals_logged_;
        if ((std::exchange(logged, logged | bit) & bit) != 0) {
            return why;
        }
    }
    log_line line;
    line << "event refused for topic " << quoted_name{what.topic.substr(0, 128)} << ": " << why
         << "; further ones are counted only";
    (*of_.log)(severity::warning, line.text());
    return why;
}

/// As what is kept there, or is later than something that waits.
bool publishing::waits_for_journal(const sight& seen, const draft& drawn) const noexcept {
    return journal_ != nullptr &&
           (!journal_->is_settled() ||
               (seen.to ? seen.to->settings.is_journaled : drawn.opening_keeps()));
}

/// Numbers an event that nobody gets.
event_id publishing::publish_to_nobody(const publication& what) noexcept {
    note_life(what);
    of_.counts->published.fetch_add(1, std::memory_order_relaxed);
    of_.topics.note_unkept(what.topic, ++of_.sequence);
    return {of_.epoch, of_.sequence};
}

topic& publishing::topic_for(const publication& what, draft& drawn, const sight& seen) {
    return seen.to ? *seen.to : of_.topics.open(what.topic, drawn.take_opening(), of_.sequence);
}

event_id publishing::commit(
    const publication& what, draft& drawn, const sight& seen, owed_drains& owed) {
    topic& to = topic_for(what, drawn, seen);
    const owed_review at_end{of_.reviews, to, owed};
    if (drawn.equals_last() && to.last_join < to.last_publish) {
        return {of_.epoch, to.last_publish};
    }
    const event_id id{of_.epoch, of_.sequence + 1};
    const frame& content = drawn.numbered(id);
    const bool is_admitted =
        of_.keep(to, {id.sequence, content, clock::now()}, drawn.has_own_id(), owed);
    // From here on nothing throws; before it nothing has changed where something threw.
    note(what, to, drawn);
    fan_out(drawn.get_deliveries(), to,
        {.content = is_admitted ? &content : nullptr, .id = id, .is_repeated = drawn.equals_last()},
        owed);
    if (!is_admitted) {
        to.last = nullptr; // nobody has got it: the same once more is no repetition
    }
    return id;
}

/// Numbers an event that is delivered once it is in the journal.
boost::system::result<event_id> publishing::enqueue(
    const publication& what, draft& drawn, const sight& seen, owed_drains& owed, owed_wake& woken) {
    topic& to = topic_for(what, drawn, seen);
    const owed_review at_end{of_.reviews, to, owed};
    if (drawn.equals_last() && to.pending == 0 && to.last_join < to.last_publish) {
        return event_id{of_.epoch, to.last_publish};
    }
    const event_id id{of_.epoch, of_.sequence + 1};
    const frame& content = drawn.numbered(id);
    if (!journal_->has_room_for(content) ||
        !of_.room.make(&to, content.text().size(), of_.sequence, owed)) {
        return errc::journal_full;
    }
    journal_->add({.to = &to,
                      .content = content,
                      .id = id,
                      .has_own_id = drawn.has_own_id(),
                      .is_repeated = drawn.equals_last(),
                      .then = std::move(what.then)},
        woken);
    note(what, to, drawn);
    return id;
}

/// Counts an event that has got the next number.
void publishing::note(const publication& what, topic& to, const draft& drawn) noexcept {
    note_life(what);
    ++of_.sequence;
    of_.counts->published.fetch_add(1, std::memory_order_relaxed);
    to.counts->published.fetch_add(1, std::memory_order_relaxed);
    to.last = drawn.value();
}

/// What is published by the program begins a closed topic anew; a late fetch does not.
void publishing::note_life(const publication& what) noexcept {
    if (what.run == nullptr) {
        of_.closed.remove(what.topic);
    }
}

// --- by a journal that nodes share, which gives the number

boost::system::result<event_id> publishing::send(const publication& what) {
    draft drawn{{of_.options, of_.topics, of_.epoch, of_.account()}, what};
    if (const auto refused = drawn.prepare_unnumbered()) {
        return refuse(what, refused);
    }
    outgoing sent;
    sent.shared = std::make_unique<shared_part>(
        shared_part{.topic = std::string{what.topic}, .only_changes = drawn.compares()});
    sent.content = drawn.content();
    sent.id.epoch = of_.epoch;
    sent.has_own_id = drawn.has_own_id();
    owed_drains owed;
    owed_wake woken;
    const std::lock_guard lock{of_.guard};
    if (of_.is_shut_down) {
        return errc::shut_down;
    }
    if (what.run != nullptr && topic_of(what) == nullptr) {
        return sent.id;
    }
    if (!journal_->has_room_for(sent.content) ||
        !of_.room.make(nullptr, sent.content.text().size(), of_.sequence, owed)) {
        return errc::journal_full;
    }
    const event_id unknown = sent.id;
    sent.then = what.then;
    journal_->add(std::move(sent), woken);
    what.then = nullptr;
    note_life(what);
    of_.counts->published.fetch_add(1, std::memory_order_relaxed);
    return unknown;
}

} // namespace crier::detail
