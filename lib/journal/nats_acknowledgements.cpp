#include "nats_acknowledgements.hpp"

#include <crier/wire/errc.hpp>

#include "nats_api.hpp"

#include <algorithm>
#include <charconv>

namespace crier::detail {
namespace {

/// Reads `{"stream":"NAME", "seq":5}` without making an object of it.
std::uint64_t number_in(std::string_view acknowledgement) noexcept {
    constexpr std::string_view member = "\"seq\":";
    const std::size_t at = acknowledgement.find(member);
    if (!acknowledgement.starts_with("{\"stream\":") || at == acknowledgement.npos) {
        return 0;
    }
    std::uint64_t number = 0;
    acknowledgement.remove_prefix(at + member.size());
    std::from_chars(
        acknowledgement.data(), acknowledgement.data() + acknowledgement.size(), number);
    return number;
}

} // namespace

nats_answer nats_answer_of(const nats_received& acknowledgement) {
    if (const std::uint64_t number = number_in(acknowledgement.payload()); number != 0) {
        return {number, {}};
    }
    if (acknowledgement.status() != 0) {
        return {0, errc::journal_unavailable};
    }
    const auto answer = nats_object(acknowledgement.payload());
    if (!answer) {
        return {0, errc::journal_unusable};
    }
    if (const auto refusal = refusal_in(*answer)) {
        return {0, refusal->error()};
    }
    const std::uint64_t number = nats_number(*answer, "seq");
    return number != 0 ? nats_answer{number, {}} : nats_answer{0, errc::journal_unusable};
}

void nats_acknowledgements::note_newest(std::uint64_t sequence) noexcept {
    const std::scoped_lock locked{lock_};
    newest_ = std::max(newest_, sequence);
}

std::uint64_t nats_acknowledgements::newest() const {
    const std::scoped_lock locked{lock_};
    return newest_;
}

std::optional<nats_acknowledgements::sending> nats_acknowledgements::first_sent(
    std::uint64_t ticket) const {
    const std::scoped_lock locked{lock_};
    const auto found = sent_.find(ticket);
    return found == sent_.end() ? std::nullopt : std::optional{found->second.first};
}

void nats_acknowledgements::send(std::uint64_t ticket, std::size_t bytes, clock::time_point now) {
    const std::scoped_lock locked{lock_};
    const auto [at, is_new] = sent_.try_emplace(ticket);
    sent& one = at->second;
    if (is_new) {
        one.first = {now, newest_};
    }
    arrive(one);
    one.bytes = bytes;
    one.is_under_way = true;
    one.answer.reset();
    ++under_way_.events;
    under_way_.bytes += bytes;
}

std::optional<nats_answer> nats_acknowledgements::answer(std::uint64_t ticket) const {
    const std::scoped_lock locked{lock_};
    const auto found = sent_.find(ticket);
    return found == sent_.end() ? std::nullopt : found->second.answer;
}

void nats_acknowledgements::settle(std::uint64_t ticket) noexcept {
    const std::scoped_lock locked{lock_};
    if (const auto found = sent_.find(ticket); found != sent_.end()) {
        arrive(found->second);
        sent_.erase(found);
    }
}

void nats_acknowledgements::keep_only(std::span<const std::uint64_t> tickets) {
    const std::scoped_lock locked{lock_};
    if (sent_.empty()) {
        return;
    }
    std::unordered_map<std::uint64_t, sent> kept;
    for (const std::uint64_t ticket : tickets) {
        if (const auto found = sent_.find(ticket); found != sent_.end()) {
            kept.insert(*found);
        }
    }
    under_way_ = {};
    for (auto& [ticket, one] : kept) {
        one.is_under_way = false;
    }
    sent_ = std::move(kept);
}

void nats_acknowledgements::answered(std::uint64_t ticket, const nats_answer& by) {
    const std::scoped_lock locked{lock_};
    const auto found = sent_.find(ticket);
    if (found == sent_.end() || found->second.answer) {
        return;
    }
    found->second.answer = by;
    arrive(found->second);
    newest_ = std::max(newest_, by.sequence);
    ++progress_;
    if (is_within(wanted_)) {
        changed_.notify_all();
    }
}

void nats_acknowledgements::lose_connection() noexcept {
    const std::scoped_lock locked{lock_};
    for (auto& [ticket, one] : sent_) {
        one.is_under_way = false;
    }
    under_way_ = {};
    changed_.notify_all();
}

bool nats_acknowledgements::wait(load most, std::chrono::milliseconds timeout) {
    std::unique_lock locked{lock_};
    wanted_ = most;
    return changed_.wait_for(locked, timeout, [&] { return is_within(most); });
}

std::uint64_t nats_acknowledgements::progress() const {
    const std::scoped_lock locked{lock_};
    return progress_;
}

bool nats_acknowledgements::is_within(load most) const noexcept {
    return under_way_.events <= most.events && under_way_.bytes <= most.bytes;
}

void nats_acknowledgements::arrive(sent& one) noexcept {
    if (one.is_under_way) {
        one.is_under_way = false;
        --under_way_.events;
        under_way_.bytes -= one.bytes;
    }
}

} // namespace crier::detail
