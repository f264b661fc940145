#include "reading_back.hpp"

#include "resumption.hpp"
#include "topic.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {
namespace {

/// What a piece may hold. The rest of the queue is for what is published before it has been sent.
/// However large the queue is, publishers are not to wait long while a piece is copied.
queue_limits piece_of(const queue_limits& limits) noexcept {
    constexpr queue_limits most{.events = 512, .bytes = std::size_t{1024} * 1024};
    return {std::clamp<std::size_t>(limits.events / 2, 1, most.events),
        std::min(limits.bytes / 2, most.bytes), limits.overflow};
}

} // namespace

const record* reading_back::source::next() const noexcept {
    return is_values && of->values ? of->values->first_after(after) : of->kept.first_after(after);
}

reading_back::reading_back(std::uint64_t present) noexcept : present_{present} {}
reading_back::~reading_back() = default;

void reading_back::add(topic& read) { sources_.push_back({&read, false, present_, read.endings}); }

bool reading_back::begin_with_retained() {
    bool has_past = false;
    for (source& each : sources_) {
        const record* const newest = each.of->kept.newest();
        if (each.of->as.retain == retention::newest && newest != nullptr) {
            each.after = newest->sequence - 1;
            has_past = true;
        }
    }
    const std::size_t histories = sources_.size();
    add_values(0);
    return has_past || sources_.size() > histories;
}

void reading_back::add_values(std::uint64_t after) {
    const std::size_t histories = sources_.size();
    for (std::size_t i = 0; i < histories; ++i) { // NOLINT(modernize-loop-convert): they grow
        const source& each = sources_[i];
        if (each.of->values && !each.of->values->empty()) {
            sources_.push_back({each.of, true, after, each.endings});
        }
    }
}

bool reading_back::begin_after(std::string_view last_event_id, event_id present) {
    std::optional<event_id> cursor = parse_event_id(last_event_id);
    std::uint64_t evicted = 0;
    std::optional<std::uint64_t> own;
    for (const source& each : sources_) {
        evicted = std::max(evicted, each.of->kept.evicted_through());
        if (const auto found = each.of->kept.find(last_event_id)) {
            own = std::min(own.value_or(*found), *found);
        }
    }
    if (own) {
        cursor = event_id{present.epoch, *own};
    }
    resumption decided = resume_after(last_event_id, cursor, present, evicted);
    bool has_past = decided.missing.has_value();
    for (source& each : sources_) {
        each.after = std::max(decided.after, each.of->kept.evicted_through());
        has_past = has_past || each.next() != nullptr;
    }
    if (decided.missing) {
        first_gap_ = std::move(decided.missing);
        add_values(decided.after);
    }
    return has_past;
}

std::optional<gap> reading_back::evicted(std::uint64_t epoch) const {
    std::optional<std::pair<std::uint64_t, std::uint64_t>> missing;
    for (const source& each : sources_) {
        const std::uint64_t evicted = each.of->kept.evicted_through();
        if (!each.is_values && evicted > each.after) {
            missing = {std::min(missing ? missing->first : each.after + 1, each.after + 1),
                std::max(missing ? missing->second : evicted, evicted)};
        }
    }
    if (!missing) {
        return std::nullopt;
    }
    return gap{gap_reason::evicted, to_string(event_id{epoch, missing->first}),
        {epoch, missing->second}, {}};
}

void reading_back::skip_evicted() noexcept {
    for (source& each : sources_) {
        if (!each.is_values) {
            each.after = std::max(each.after, each.of->kept.evicted_through());
        }
    }
}

bool reading_back::read_piece(event_queue& to, std::uint64_t epoch) {
    const queue_limits most = piece_of(to.limits());
    std::size_t bytes = 0;
    for (std::size_t events = 0; events < most.events && bytes <= most.bytes; ++events) {
        const source* const from = earliest();
        if (from == nullptr) {
            return true;
        }
        const record& first = *from->next();
        const entry_ptr read{new entry{first.content, {epoch, first.sequence}}};
        read->topic = from->of->counts.get();
        bytes += first.content.text().size();
        to.append(read);
        mark_read(*from->of, read->id.sequence);
    }
    return false;
}

/// The source whose next event comes first; none at the end.
const reading_back::source* reading_back::earliest() const noexcept {
    const source* first = nullptr;
    std::uint64_t least = 0;
    for (const source& each : sources_) {
        const record* const next = each.next();
        if (next != nullptr && (first == nullptr || next->sequence < least)) {
            first = &each;
            least = next->sequence;
        }
    }
    return first;
}

/// Takes an event for read, whichever of the topic's sources it was in.
void reading_back::mark_read(const topic& of, std::uint64_t sequence) noexcept {
    for (source& each : sources_) {
        if (each.of.get() == &of && each.after < sequence) {
            each.after = sequence;
        }
    }
}

bool reading_back::was_ended() const noexcept {
    return std::ranges::any_of(
        sources_, [](const source& each) { return each.endings != each.of->endings; });
}

} // namespace crier::detail
