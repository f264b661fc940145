#include "journal_writer.hpp"

#include <crier/wire/errc.hpp>

#include "async/persistently.hpp"
#include "log_line.hpp"
#include "wire/frame_access.hpp"

#include <chrono>
#include <new>
#include <utility>

namespace crier::detail {

using boost::system::error_code;

journal_writer::journal_writer(std::shared_ptr<journal> to, std::mutex& guard, outbox& from,
    listener& told, std::shared_ptr<const logger> log)
    : to_{std::move(to)},
      guard_{guard},
      from_{from},
      told_{told},
      log_{std::move(log)},
      thread_{[this] { run(); }} {}

journal_writer::~journal_writer() { join(); }

void journal_writer::end(clock::time_point until) noexcept {
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
        std::unique_lock lock{guard_};
        end(clock::now());
        if (!woken_.wait_until(lock, until_, [this] { return is_over_; })) {
            to_->end();
        }
    }
    thread_.join();
}

void journal_writer::run() {
    while (take_batch()) {
        write();
        batch_.clear();
    }
    note_all_numbers();
    told_.all_written();
    const std::lock_guard lock{guard_};
    is_over_ = true;
    woken_.notify_all();
}

/// What was published where nothing is kept has taken numbers, too.
void journal_writer::note_all_numbers() noexcept {
    try {
        std::unique_lock lock{guard_};
        const std::uint64_t newest = told_.newest();
        lock.unlock();
        note_answer(note_number(newest));
    } catch (const std::bad_alloc&) {
        (*log_)(severity::error, "the journal could not be told of the last numbers");
    }
}

/// False: there is nothing, and nothing more comes.
bool journal_writer::take_batch() noexcept {
    std::unique_lock lock{guard_};
    woken_.wait(lock, [this] { return is_ending_ || !from_.empty(); });
    from_.take(batch_);
    return !batch_.empty();
}

/// In runs of events, between which others have their turns.
void journal_writer::write() {
    for (std::size_t at = 0; at < batch_.size();) {
        std::size_t end = at;
        while (end < batch_.size() && batch_[end].to) {
            ++end;
        }
        if (end == at) {
            ++end;
        }
        const std::span<outgoing> run{batch_.data() + at, end - at};
        const error_code error = write_until_done(run);
        for (outgoing& each : run) {
            persistently([&] { told_.written(each, error); });
        }
        at = end;
    }
}

error_code journal_writer::write_until_done(std::span<outgoing> run) {
    error_code error;
    do {
        error =
            persistently([&] { return run.front().to ? append(run) : take(*run.front().instead); });
    } while (error == errc::journal_unavailable && is_to_be_tried_again());
    note_answer(error);
    return error;
}

error_code journal_writer::append(std::span<outgoing> run) {
    entries_.clear();
    for (const outgoing& each : run) {
        topic& to = *each.to;
        if (!to.settings.is_journaled) {
            continue; // its turn has come, and that is all
        }
        if (!to.is_known_to_journal) {
            if (const error_code error =
                    to_->keep(to.name, to.settings.history, to.settings.retain)) {
                return error;
            }
            to.is_known_to_journal = true;
        }
        entries_.push_back({each.id.sequence, to.name, frame_access::key(each.content),
            each.has_own_id ? id_in(each.content) : std::string_view{}, each.content.text(),
            each.at});
    }
    return entries_.empty() ? error_code{} : to_->append(entries_);
}

error_code journal_writer::take(const turn& by) {
    return by.forgets    ? to_->forget(by.topic, by.key)
         : by.number > 0 ? note_number(by.number)
                         : error_code{};
}

/// By an event of no topic, of which nothing is kept.
error_code journal_writer::note_number(std::uint64_t newest) {
    journal_entry number;
    number.sequence = newest;
    number.at = std::chrono::system_clock::now();
    return to_->append(std::span{&number, 1});
}

/// After a while. False: it is too late for that.
bool journal_writer::is_to_be_tried_again() {
    std::unique_lock lock{guard_};
    if (!away_since_) {
        away_since_ = std::chrono::system_clock::now();
        lock.unlock(); // the log may be a program's
        (*log_)(severity::warning, "the journal does not answer; what is published waits for it");
        lock.lock();
    }
    woken_.wait_for(lock, before_again);
    return !is_ending_ || clock::now() < until_;
}

void journal_writer::note_answer(const error_code& error) {
    std::unique_lock lock{guard_};
    const bool was_away = away_since_.has_value();
    const bool answers = error != errc::journal_unavailable;
    if (answers) {
        away_since_.reset();
    }
    lock.unlock();
    if (was_away && answers) {
        (*log_)(severity::warning, "the journal answers again");
    }
    if (error && answers) {
        char words[256];
        log_line line;
        line << "the journal refuses events: "
             << std::string_view{error.message(words, sizeof words)};
        (*log_)(severity::error, line.text());
    }
}

} // namespace crier::detail
