#include "journal_writer.hpp"

#include <crier/wire/errc.hpp>

#include "async/persistently.hpp"
#include "async/polite_wait.hpp"
#include "log_failure.hpp"
#include "waking.hpp"
#include "wire/frame_access.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace crier::detail {

using boost::system::error_code;

journal_writer::journal_writer(
    manager_core& of, outbox& from, listener& told, journal_health& health)
    : of_{of},
      to_{*of_.options.journal},
      from_{from},
      told_{told},
      health_{health},
      thread_{[this] { run(); }} {}

journal_writer::~journal_writer() { join(); }

void journal_writer::end(std::chrono::steady_clock::time_point until) noexcept {
    if (!std::exchange(is_ending_, true)) {
        until_ = until;
        woken_.notify_all();
    }
}

void journal_writer::join() noexcept {
    if (!thread_.joinable()) {
        return;
    }
    {
        std::unique_lock lock{of_.guard};
        end(std::chrono::steady_clock::now());
        if (!woken_.wait_until(lock, until_, [this] { return is_over_; })) {
            to_.end();
        }
    }
    thread_.join();
}

void journal_writer::run() {
    while (take_batch()) {
        unfollow_retired();
        write();
        batch_.clear();
    }
    if (of_.shared == nullptr) {
        note_all_numbers();
    }
    std::unique_lock lock{of_.guard};
    const std::chrono::steady_clock::time_point until = until_;
    lock.unlock();
    told_.all_written(until);
    unfollow_retired();
    lock.lock();
    is_over_ = true;
    woken_.notify_all();
}

/// What was published where nothing is kept has taken numbers, too.
void journal_writer::note_all_numbers() noexcept {
    try {
        std::unique_lock lock{of_.guard};
        const std::uint64_t newest = of_.sequence;
        lock.unlock();
        note_answer(note_number(newest));
    } catch (const std::bad_alloc&) {
        (*of_.log)(severity::error, "the journal could not be told of the last numbers");
    }
}

/// False: there is nothing, and nothing more comes.
bool journal_writer::take_batch() noexcept {
    std::unique_lock lock{of_.guard};
    polite_wait(woken_, lock, [this] { return is_ending_ || !from_.empty() || !retired_.empty(); });
    from_.take(batch_);
    return !batch_.empty() || !is_ending_;
}

/// Who still waits for one of them finds out that it is over.
void journal_writer::unfollow_retired() noexcept {
    owed_drains owed;
    std::unique_lock lock{of_.guard};
    while (const topic_ptr ended = retired_.take()) {
        wake_all(ended->awaiting, owed);
        const bool was_followed = ended->is_asked_for;
        lock.unlock();
        if (was_followed) {
            of_.shared->unfollow(ended->name);
        }
        lock.lock();
    }
}

/// In runs of events, between which others have their turns.
void journal_writer::write() {
    const auto follows = [](const outgoing& each) { return each.instead && each.instead->follows; };
    for (auto at = batch_.begin(); at != batch_.end();) {
        auto end = std::next(at);
        if (!at->instead) {
            end = std::find_if(
                at, batch_.end(), [](const auto& each) { return each.instead != nullptr; });
            write_events({at, end});
        } else if (follows(*at)) {
            end = std::find_if_not(at, batch_.end(), follows);
            write_follows({at, end});
        } else {
            write_turn(*at);
        }
        at = end;
    }
}

void journal_writer::write_events(std::span<outgoing> run) {
    entries_.clear();
    error_code error = until_done([&] { return fill_entries(run); });
    if (!error && !entries_.empty()) {
        error = until_done([this] { return to_.append(entries_); });
    }
    note_answer(error);
    auto entry = entries_.begin();
    for (outgoing& each : run) {
        error_code its = error;
        if (each.shared && entry != entries_.end()) {
            each.id.sequence = entry->sequence;
            its = entry->sequence != 0               ? error_code{}
                : entry->error                       ? entry->error
                : error == errc::journal_unavailable ? errc::journal_unanswered
                                                     : error;
            ++entry;
        }
        persistently([&] { told_.written(each, its); });
    }
}

void journal_writer::write_turn(outgoing& one) {
    const error_code error = until_done([&] { return take(*one.instead); });
    note_answer(error);
    persistently([&] { told_.written(one, error); });
}

void journal_writer::write_follows(std::span<outgoing> run) {
    persistently([&] {
        names_.clear();
        const std::lock_guard lock{of_.guard};
        for (const outgoing& each : run) {
            topic& to = *each.instead->follows;
            if (!to.is_retired) {
                to.is_asked_for = true;
                names_.push_back(to.name);
            }
        }
    });
    const error_code error =
        names_.empty() ? error_code{} : until_done([this] { return follow_all(); });
    note_answer(error);
    for (outgoing& each : run) {
        persistently([&] { told_.written(each, error); });
    }
}

/// At the end nobody waits for what arrives.
error_code journal_writer::follow_all() {
    const error_code error = of_.shared->follow(names_);
    const std::lock_guard lock{of_.guard};
    return error == errc::journal_unavailable && is_ending_ ? errc::shut_down : error;
}

/// Calls until there is memory, and the journal answers.
template <class Call>
error_code journal_writer::until_done(Call call) {
    error_code error;
    do {
        error = persistently(call);
    } while (error == errc::journal_unavailable && is_to_be_tried_again());
    return error;
}

/// Tells the journal what it is to keep of topics that it does not know.
error_code journal_writer::fill_entries(std::span<outgoing> run) {
    entries_.clear();
    for (const outgoing& each : run) {
        if (!each.to) {
            add_entry(each);
            continue;
        }
        topic& to = *each.to;
        if (!to.settings.is_journaled) {
            continue; // its turn has come, and that is all
        }
        if (!to.is_known_to_journal) {
            if (const error_code error =
                    to_.keep(to.name, to.settings.history, to.settings.retain)) {
                return error;
            }
            to.is_known_to_journal = true;
        }
        add_entry(each);
    }
    return {};
}

void journal_writer::add_entry(const outgoing& each) {
    journal_entry added;
    added.sequence = each.id.sequence;
    added.key = frame_access::key(each.content);
    added.own_id = each.has_own_id ? id_in(each.content) : std::string_view{};
    added.text = each.content.text();
    added.at = each.at;
    if (each.shared) {
        const shared_part& of = *each.shared;
        added.topic = of.topic;
        added.action = of.action;
        added.only_changes = of.only_changes;
        added.ticket = of.ticket;
        if (of.action != journal_action::publish) {
            added.key = of.key;
        }
    } else {
        added.topic = each.to->name;
    }
    entries_.push_back(added);
}

error_code journal_writer::take(const turn& by) {
    return by.forgets    ? to_.forget(by.topic, by.key)
         : by.number > 0 ? note_number(by.number)
                         : error_code{};
}

/// By an event of no topic, of which nothing is kept.
error_code journal_writer::note_number(std::uint64_t newest) {
    journal_entry number;
    number.sequence = newest;
    number.at = std::chrono::system_clock::now();
    return to_.append(std::span{&number, 1});
}

/// After a while. False: it is too late for that.
bool journal_writer::is_to_be_tried_again() {
    health_.note(journal_state::unavailable);
    std::unique_lock lock{of_.guard};
    woken_.wait_for(lock, before_again);
    return !is_ending_ || std::chrono::steady_clock::now() < until_;
}

void journal_writer::note_answer(const error_code& error) {
    if (error == errc::journal_unavailable) {
        return;
    }
    health_.note_answer();
    if (error && error != errc::shut_down) {
        log_failure(*of_.log, "the journal refuses events: ", error);
    }
}

} // namespace crier::detail
