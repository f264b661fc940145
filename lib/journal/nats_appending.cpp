#include "nats_appending.hpp"

#include <crier/wire/errc.hpp>

#include "nats_api.hpp"
#include "nats_messages.hpp"
#include "nats_tokens.hpp"
#include "nats_waiting.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <random>
#include <utility>

namespace crier::detail {
namespace {

using boost::system::error_code;
using clock = nats_acknowledgements::clock;

/// How much is under way at once. It has to fit into what the system buffers for a server that has
/// stopped to read, and is more than a server handles while an answer is on its way.
constexpr nats_acknowledgements::load most_under_way{4'096, 524'288};
constexpr nats_acknowledgements::load half_of_it{2'048, 262'144};

/// Of a message beside its text, about.
constexpr std::size_t overhead = 200;

std::string random_digits() {
    std::random_device source;
    const std::uint64_t number = (std::uint64_t{source()} << 32) | source();
    constexpr int sixteen = 16;
    std::array<char, sixteen> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, sixteen);
    return {digits.data(), end};
}

bool is_done(const journal_entry& entry) noexcept { return entry.sequence != 0 || entry.error; }

/// Whether nothing of the topic before it is kept any more.
bool ends_all(const journal_entry& entry) noexcept {
    return entry.action == journal_action::close ||
           (entry.action == journal_action::forget && entry.key.empty());
}

} // namespace

nats_appending::nats_appending(nats_stream& to, finder find)
    : to_{to}, find_{std::move(find)}, run_{random_digits()}, inbox_{to.connection().make_inbox()} {
    answers_.note_newest(to.opened().newest);
    subscription_ = to.connection().subscribe(inbox_ + ".*", [this](const nats_received& reply) {
        if (const auto ticket = number_at_end(reply.subject())) {
            answers_.answered(*ticket, nats_answer_of(reply));
        }
    });
}

error_code nats_appending::append(std::span<journal_entry> entries) {
    tickets_.clear();
    for (const journal_entry& each : entries) {
        tickets_.push_back(each.ticket);
    }
    answers_.keep_only(tickets_);
    newest_ = answers_.newest();
    connection_ = to_.connection().changes();
    if (to_.is_another()) {
        return errc::journal_unavailable;
    }
    for (journal_entry& each : entries) {
        if (is_done(each) || !is_to_be_sent(each)) {
            continue;
        }
        error_code error = send(each);
        if (!error && !answers_.wait(most_under_way, {})) {
            error = wait(half_of_it);
        }
        if (error) {
            settle(entries);
            return error;
        }
    }
    to_.connection().send_now();
    const error_code error = wait({});
    const error_code settled = settle(entries);
    return error ? error : settled;
}

/// An answer may have come in the meantime.
bool nats_appending::is_to_be_sent(journal_entry& entry) const {
    if (entry.topic.size() > nats_topic_bytes) {
        entry.error = errc::invalid_topic;
        return false;
    }
    const auto answer = answers_.answer(entry.ticket);
    return !answer || answer->error == errc::journal_unavailable;
}

error_code nats_appending::send(journal_entry& entry) {
    error_code error;
    if (find_again(entry, error) || error) {
        return error;
    }
    const std::string reply = inbox_ + '.' + std::to_string(entry.ticket);
    const nats_message message = nats_message_of(
        entry, nats_kept_subject(to_.name(), entry.topic), reply, id_of(entry.ticket));
    answers_.send(entry.ticket, entry.text.size() + overhead, clock::now());
    error = to_.connection().publish(*message);
    if (error && error != errc::journal_unavailable) {
        answers_.settle(entry.ticket);
        entry.error = std::exchange(error, {});
    }
    return error;
}

std::string nats_appending::id_of(std::uint64_t ticket) const {
    return run_ + '-' + std::to_string(ticket);
}

/// Where the server may not know the id of an event any more, the stream is asked itself.
bool nats_appending::find_again(journal_entry& entry, error_code& error) {
    const auto before = answers_.first_sent(entry.ticket);
    const auto certain = to_.opened().duplicates * 3 / 4;
    if (!before || clock::now() - before->at < certain) {
        return false;
    }
    const auto found = find_(entry.topic, before->newest, id_of(entry.ticket));
    if (!found) {
        error = found.error();
        return false;
    }
    answers_.settle(entry.ticket);
    entry.sequence = found->value_or(0);
    return entry.sequence != 0;
}

error_code nats_appending::wait(nats_acknowledgements::load most) {
    constexpr std::chrono::milliseconds at_a_time{20};
    std::uint64_t progress = answers_.progress();
    clock::time_point since = clock::now();
    while (!answers_.wait(most, {})) {
        to_.connection().send_now();
        if (answers_.wait(most, at_a_time)) {
            break;
        }
        if (const std::uint64_t now = answers_.progress(); now != progress) {
            progress = now;
            since = clock::now();
        }
        if (clock::now() - since >= nats_patience || to_.connection().changes() != connection_ ||
            !to_.connection().is_up() || to_.connection().is_ending()) {
            answers_.lose_connection();
            return errc::journal_unavailable;
        }
    }
    return {};
}

/// Numbers that do not rise may be those of events that were there already, or of a stream that was
/// made anew.
bool nats_appending::is_same_stream(std::span<const journal_entry> entries) const {
    const bool all_rise = std::ranges::none_of(entries, [this](const journal_entry& each) {
        const auto answer = is_done(each) ? std::nullopt : answers_.answer(each.ticket);
        return answer && answer->sequence != 0 && answer->sequence <= newest_;
    });
    return !to_.is_another() && (all_rise || to_.info().has_value());
}

error_code nats_appending::settle(std::span<journal_entry> entries) {
    if (!is_same_stream(entries)) {
        return errc::journal_unavailable;
    }
    error_code all;
    for (journal_entry& each : entries) {
        if (is_done(each)) {
            continue;
        }
        const auto answer = answers_.answer(each.ticket);
        if (!answer || answer->error == errc::journal_unavailable) {
            all = errc::journal_unavailable;
            continue;
        }
        each.sequence = answer->sequence;
        each.error = answer->error;
        answers_.settle(each.ticket);
        if (each.sequence != 0 && ends_all(each)) {
            purge_before(each);
        }
    }
    return all;
}

/// If that fails, what is left takes room until the limits remove it, and nothing else: readers
/// begin behind the entry.
void nats_appending::purge_before(const journal_entry& entry) {
    const boost::json::object order{
        {"filter", nats_kept_subject(to_.name(), entry.topic)}, {"seq", entry.sequence}};
    to_.connection().publish(to_.api("STREAM.PURGE"), boost::json::serialize(order));
}

} // namespace crier::detail
