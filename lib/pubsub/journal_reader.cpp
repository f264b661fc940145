#include "journal_reader.hpp"

#include <crier/wire/errc.hpp>

#include "async/persistently.hpp"
#include "async/polite_wait.hpp"
#include "log_failure.hpp"
#include "numbered_frame.hpp"
#include "wire/frame_access.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <new>
#include <utility>

namespace crier::detail {
namespace {

using boost::system::error_code;

constexpr std::size_t events_of_a_piece = 512;
constexpr std::size_t bytes_of_a_piece = std::size_t{256} * 1024;
constexpr std::size_t without_limit = std::numeric_limits<std::size_t>::max();
constexpr std::string_view unreadable_words = "the journal cannot be read: ";

/// Clients that come back after about the same number are to share one piece. So many numbers have
/// no more events than a piece, so that each piece goes on beyond what it was asked for.
std::uint64_t rounded_down(std::uint64_t after) noexcept {
    return after - after % (events_of_a_piece / 2);
}

} // namespace

journal_reader::journal_reader(manager_core& of)
    : of_{of}, from_{*of_.options.journal}, thread_{[this] { run(); }} {}

journal_reader::~journal_reader() { join(); }

void journal_reader::join() noexcept {
    if (thread_.joinable()) {
        {
            const std::lock_guard lock{of_.guard};
            is_ending_ = true;
            woken_.notify_all();
        }
        thread_.join();
        owed_drains owed;
        const std::lock_guard lock{of_.guard};
        wake_all_waiting(owed);
    }
}

journal_piece_ptr journal_reader::find(
    topic& of, std::uint64_t after, std::uint64_t through, const waiting_reader& waits) {
    std::uint64_t from = rounded_down(after);
    for (const kept_piece& each : lately_) {
        if (each.of == &of && each.piece->covers(after)) {
            return each.piece;
        }
        if (each.of == &of && each.piece->covers(from)) {
            from = each.piece->through; // it was of large events
        }
    }
    ask({.of = &of, .what = sought::piece, .after = from, .through = through}, waits);
    return nullptr;
}

void journal_reader::load(topic& into, const waiting_reader& waits) {
    ask({.of = &into, .what = sought::retained}, waits);
}

std::optional<std::uint64_t> journal_reader::find_id(
    topic& of, const std::string& own_id, const waiting_reader& waits) {
    for (const found_id& each : found_) {
        if (each.of == &of && each.id == own_id) {
            return each.sequence;
        }
    }
    ask({.of = &of, .what = sought::id, .id = own_id}, waits);
    return std::nullopt;
}

void journal_reader::ask_newest(const waiting_reader& waits) {
    ask({.what = sought::newest}, waits);
}

void journal_reader::wake_all_waiting(owed_drains& owed) noexcept { requests_.wake_all(owed); }

/// At the end nobody is woken any more, who would keep the manager by that.
void journal_reader::ask(request&& what, const waiting_reader& waits) {
    if (is_ending_) {
        return;
    }
    const bool is_idle = requests_.empty();
    requests_.add(std::move(what), std::make_unique<waking>(waits));
    if (is_idle) {
        woken_.notify_all();
    }
}

void journal_reader::run() noexcept {
    while (take()) {
        try {
            answer();
        } catch (const std::bad_alloc&) {
            std::this_thread::sleep_for(before_again); // and once more
        }
    }
}

/// False: nothing is read any more.
bool journal_reader::take() {
    std::unique_lock lock{of_.guard};
    polite_wait(woken_, lock, [this] { return is_ending_ || !requests_.empty(); });
    return !is_ending_;
}

/// Answers the first request.
void journal_reader::answer() {
    owed_drains owed;
    std::unique_lock lock{of_.guard};
    const request asked = requests_.front();
    lock.unlock();
    const bool is_answered = asked.what == sought::id     ? look_up(asked, lock)
                           : asked.what == sought::newest ? read_newest(lock)
                                                          : read_piece(asked, lock);
    if (!is_answered) {
        return;
    }
    requests_.pop_front(owed);
}

/// Calls the journal until it answers; `journal_unavailable`: there is no time for it any more.
template <class Call>
auto journal_reader::read(Call call) -> decltype(call()) {
    while (true) {
        auto found = call();
        if (found || found.error() != errc::journal_unavailable) {
            return found;
        }
        std::unique_lock lock{of_.guard};
        if (woken_.wait_for(lock, before_again, [this] { return is_ending_; })) {
            return found;
        }
    }
}

/// With the lock at the end. False: there is no time for it any more.
bool journal_reader::read_piece(const request& what, std::unique_lock<std::mutex>& lock) {
    const std::string& name = what.of->name;
    const auto found = read([&] {
        return what.what == sought::retained
                 ? from_.read_retained(name, 0, without_limit, without_limit)
                 : from_.read(name, what.after, events_of_a_piece, bytes_of_a_piece);
    });
    if (!found && found.error() == errc::journal_unavailable) {
        return false;
    }
    const journal_piece_ptr piece =
        found ? piece_of(what, *found) : unreadable(what, found.error());
    lock.lock();
    if (what.what == sought::retained) {
        what.of->restore(*piece);
    } else {
        keep(*what.of, piece);
    }
    return true;
}

bool journal_reader::look_up(const request& what, std::unique_lock<std::mutex>& lock) {
    constexpr std::size_t most = 1'000;
    const auto found = read([&] { return from_.find(what.of->name, what.id); });
    if (!found && found.error() == errc::journal_unavailable) {
        return false;
    }
    lock.lock();
    found_.push_back({what.of, what.id, found && *found ? **found : 0});
    if (found_.size() > most) {
        found_.pop_front();
    }
    return true;
}

bool journal_reader::read_newest(std::unique_lock<std::mutex>& lock) {
    const auto found = read([this] { return of_.shared->newest(); });
    if (!found && found.error() == errc::journal_unavailable) {
        return false;
    }
    if (!found) {
        log_failure(*of_.log, unreadable_words, found.error());
    }
    lock.lock();
    newest_ = found ? std::max(newest_, *found) : newest_;
    ++newest_answers_;
    return true;
}

journal_piece_ptr journal_reader::piece_of(const request& what, const journal_page& found) {
    auto made = std::make_shared<journal_piece>();
    made->after = what.after;
    // What was in memory when it was asked for is read there. What has come into the journal since
    // is delivered to all once it is said to be there.
    made->through = std::min(found.through, what.through);
    made->evicted_through = found.evicted_through;
    made->records.reserve(found.records.size());
    const clock::time_point now = clock::now();
    const auto real_now = std::chrono::system_clock::now();
    for (const journal_record& each : found.records) {
        if (what.what == sought::piece && each.sequence > made->through) {
            break;
        }
        if (each.action != journal_action::publish) {
            continue;
        }
        made->records.push_back({each.sequence,
            of_.shared != nullptr
                ? numbered_frame(each, {of_.epoch, each.sequence}, of_.options.ids, of_.account())
                : frame_access::of_block(each.text, each.key, of_.account()),
            now - std::chrono::duration_cast<clock::duration>(real_now - each.at)});
    }
    return made;
}

/// Nothing, of which the reader is told by a gap.
journal_piece_ptr journal_reader::unreadable(const request& what, const error_code& error) {
    log_failure(*of_.log, unreadable_words, error);
    auto made = std::make_shared<journal_piece>();
    made->after = what.after;
    made->through = made->evicted_through = what.through;
    return made;
}

void journal_reader::keep(const topic& of, journal_piece_ptr piece) {
    constexpr std::size_t most = std::size_t{8} * 1024 * 1024;
    std::size_t bytes = sizeof(journal_piece);
    for (const record& each : piece->records) {
        bytes += sizeof each + each.content.text().size();
    }
    lately_.push_back({&of, std::move(piece), bytes});
    bytes_lately_ += bytes;
    while (bytes_lately_ > most && lately_.size() > 1) {
        bytes_lately_ -= lately_.front().bytes;
        lately_.pop_front();
    }
}

} // namespace crier::detail
