#include "resumption.hpp"

#include "wire/text.hpp"

namespace crier::detail {
namespace {

/// How much of an id that is none is given back.
constexpr std::size_t most_of_an_id = 128;

std::string shown(std::string_view text) {
    std::string result;
    for_each_sequence(text, [&result](std::string_view each) { result.append(each); });
    return result;
}

std::optional<gap_reason> reason_of(
    std::optional<event_id> cursor, event_id newest, std::uint64_t evicted) noexcept {
    if (!cursor) {
        return gap_reason::invalid;
    }
    if (cursor->epoch != newest.epoch) {
        return gap_reason::epoch;
    }
    if (cursor->sequence > newest.sequence) {
        return gap_reason::future;
    }
    return cursor->sequence < evicted ? std::optional{gap_reason::evicted} : std::nullopt;
}

} // namespace

resumption resume_after(
    std::string_view text, std::optional<event_id> cursor, event_id newest, std::uint64_t evicted) {
    const std::optional<gap_reason> reason = reason_of(cursor, newest, evicted);
    if (!reason) {
        return {{}, cursor->sequence};
    }
    const bool is_past = *reason == gap_reason::evicted || *reason == gap_reason::epoch;
    const std::string from = is_past ? to_string(event_id{cursor->epoch, cursor->sequence + 1})
                                     : shown(text.substr(0, most_of_an_id));
    return {gap{*reason, from, {newest.epoch, evicted}, {}},
        *reason == gap_reason::evicted ? cursor->sequence : 0};
}

} // namespace crier::detail
