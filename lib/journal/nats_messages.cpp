#include "nats_messages.hpp"

#include <crier/wire/encoder.hpp>

#include "wire/field_text.hpp"
#include "wire/percent.hpp"
#include "wire/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <utility>

namespace crier::detail {
namespace {

using std::chrono::system_clock;

constexpr const char* message_id_header = "Nats-Msg-Id";
constexpr const char* version_header = "Crier";
constexpr const char* message_version = "1";
constexpr const char* key_header = "Crier-Key";
constexpr const char* id_header = "Crier-Id";
constexpr const char* only_changes_header = "Crier-Only-Changes";
constexpr const char* action_header = "Crier-Action";

struct named_action {
    journal_action action;
    const char* name;
};
constexpr std::array actions{named_action{journal_action::end_streams, "end"},
    named_action{journal_action::close, "close"}, named_action{journal_action::forget, "forget"}};

void set(natsMsg& in, const char* header, const std::string& value) {
    if (natsMsgHeader_Set(&in, header, value.c_str()) != NATS_OK) {
        throw std::bad_alloc{};
    }
}

void set_escaped(natsMsg& in, const char* header, std::string_view value) {
    if (!value.empty()) {
        set(in, header, with_escapes(value));
    }
}

/// Nothing: no number, and no more.
std::optional<std::uint64_t> number_of(std::string_view digits) noexcept {
    std::uint64_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, number);
    return error == std::errc{} && at == end ? std::optional{number} : std::nullopt;
}

bool is_field(std::string_view line) noexcept {
    return std::ranges::any_of(std::array{"data: ", "event: ", "id: ", "retry: "},
        [line](std::string_view name) { return line.starts_with(name); });
}

std::optional<journal_action> action_of(const nats_received& message) noexcept {
    if (!message.has_header(action_header)) {
        return journal_action::publish;
    }
    const std::string_view name = message.header(action_header);
    const auto* const found = std::ranges::find(actions, name, &named_action::name);
    return found == actions.end() ? std::nullopt : std::optional{found->action};
}

std::optional<std::string> foreign_text(std::string_view data) {
    auto text = encode(event_view{data});
    return text.has_value() ? std::optional{*std::move(text)} : std::nullopt;
}

} // namespace

nats_message nats_message_of(const journal_entry& entry, const std::string& subject,
    const std::string& reply, const std::string& id) {
    natsMsg* made = nullptr;
    if (natsMsg_Create(&made, subject.c_str(), reply.empty() ? nullptr : reply.c_str(),
            entry.text.data(), static_cast<int>(entry.text.size())) != NATS_OK) {
        throw std::bad_alloc{};
    }
    nats_message message{made};
    set(*message, message_id_header, id);
    set(*message, version_header, message_version);
    set_escaped(*message, key_header, entry.key);
    set_escaped(*message, id_header, entry.own_id);
    if (entry.only_changes) {
        set(*message, only_changes_header, "1");
    }
    const auto* const action = std::ranges::find(actions, entry.action, &named_action::action);
    if (action != actions.end()) {
        set(*message, action_header, action->name);
    }
    return message;
}

std::string_view nats_message_id(const nats_received& message) noexcept {
    return message.header(message_id_header);
}

std::optional<nats_numbers> nats_numbers_of(const nats_received& live) noexcept {
    const auto sequence = number_of(live.header("Nats-Sequence"));
    const auto last = number_of(live.header("Nats-Last-Sequence"));
    return sequence && last ? std::optional{nats_numbers{*sequence, *last}} : std::nullopt;
}

/// "$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.NUMBER.TIME.PENDING"; newer servers put a domain and
/// an account's hash before the stream, and may put more at the end.
std::optional<nats_kept> nats_kept_at(std::string_view reply) noexcept {
    constexpr std::string_view begin = "$JS.ACK.";
    constexpr std::size_t fields = 7;
    constexpr std::size_t domain_fields = 2;
    if (!reply.starts_with(begin)) {
        return std::nullopt;
    }
    reply.remove_prefix(begin.size());
    const auto dots = static_cast<std::size_t>(std::ranges::count(reply, '.'));
    if (dots + 1 != fields && dots + 1 < fields + domain_fields) {
        return std::nullopt;
    }
    for (std::size_t skipped = dots + 1 == fields ? 3 : 3 + domain_fields; skipped > 0; --skipped) {
        take_until(reply, ".");
    }
    const auto sequence = number_of(take_until(reply, "."));
    take_until(reply, ".");
    const auto nanoseconds = number_of(take_until(reply, "."));
    const auto pending = number_of(take_until(reply, "."));
    if (!sequence || !nanoseconds || !pending) {
        return std::nullopt;
    }
    const std::chrono::nanoseconds since{*nanoseconds};
    return nats_kept{*sequence,
        system_clock::time_point{std::chrono::duration_cast<system_clock::duration>(since)},
        *pending};
}

std::optional<journal_record> nats_record_of(
    const nats_received& message, std::uint64_t sequence, system_clock::time_point at) {
    if (!message.has_header(version_header)) {
        auto text = foreign_text(message.payload());
        return text ? std::optional{journal_record{sequence, {}, *std::move(text), at}}
                    : std::nullopt;
    }
    auto key = without_escapes(message.header(key_header));
    const auto id = without_escapes(message.header(id_header));
    const auto action = action_of(message);
    const std::string_view text = message.payload();
    if (message.header(version_header) != message_version || !key || !id || !action ||
        (*action == journal_action::publish ? !is_nats_block(text, *id) : !text.empty())) {
        return std::nullopt;
    }
    return journal_record{.sequence = sequence,
        .key = *std::move(key),
        .text = std::string{text},
        .at = at,
        .has_own_id = !id->empty(),
        .only_changes = message.has_header(only_changes_header),
        .action = *action};
}

std::string nats_own_id_of(const nats_received& message) {
    return without_escapes(message.header(id_header)).value_or(std::string{});
}

bool forgets_all(const nats_received& message) noexcept {
    const auto action = action_of(message);
    return action == journal_action::close ||
           (action == journal_action::forget && !message.has_header(key_header));
}

bool is_nats_block(std::string_view text, std::string_view id) noexcept {
    constexpr std::string_view end = "\n\n";
    constexpr std::string_view id_field = "id: ";
    if (!text.ends_with(end) || !is_utf8(text) || text.find('\r') != text.npos ||
        text.find('\0') != text.npos) {
        return false;
    }
    text.remove_suffix(1);
    std::size_t ids = 0;
    while (!text.empty()) {
        const std::string_view line = take_until(text, "\n");
        if (!is_field(line)) {
            return false;
        }
        if (line.starts_with(id_field)) {
            ++ids;
            if (line.substr(id_field.size()) != id) {
                return false;
            }
        }
    }
    return ids == (id.empty() ? 0U : 1U);
}

} // namespace crier::detail
