#pragma once

#include <crier/pubsub/journal.hpp>

#include "nats_received.hpp"

#include <nats/nats.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

// How events stand in messages of NATS: the text as the payload, the rest as headers.

struct nats_message_deleter {
    void operator()(natsMsg* message) const noexcept { natsMsg_Destroy(message); }
};
using nats_message = std::unique_ptr<natsMsg, nats_message_deleter>;

/// The message of an entry. By its id, the server knows one that was sent twice.
///
/// Errors: throws `std::bad_alloc`.
nats_message nats_message_of(const journal_entry& entry, const std::string& subject,
    const std::string& reply, const std::string& id);

/// The id that a message was sent with; empty without one.
std::string_view nats_message_id(const nats_received& message) noexcept;

/// The number that the server has given a message which it sends to followers, and that of the
/// message before it in its subject.
struct nats_numbers {
    std::uint64_t sequence = 0;
    std::uint64_t last = 0; ///< 0: there was none
};
std::optional<nats_numbers> nats_numbers_of(const nats_received& live) noexcept;

/// Where and when the server has kept a message that a consumer reads.
/// Source: https://docs.nats.io, "JetStream wire API", the subject of acknowledgements.
struct nats_kept {
    std::uint64_t sequence = 0;
    std::chrono::system_clock::time_point at{};
    std::uint64_t pending = 0; ///< how many come after it
};
std::optional<nats_kept> nats_kept_at(std::string_view reply) noexcept;

/// The record of a message. One that no journal has sent is an event with its payload as data.
/// Nothing: it is none that may be delivered, such as one that is not UTF-8.
std::optional<journal_record> nats_record_of(
    const nats_received& message, std::uint64_t sequence, std::chrono::system_clock::time_point at);

/// The id that the publisher gave the event of a message; empty without one.
std::string nats_own_id_of(const nats_received& message);

/// Whether an entry lets its topic forget all that was before it.
inline bool forgets_all(const journal_record& entry) noexcept {
    return entry.action == journal_action::close ||
           (entry.action == journal_action::forget && entry.key.empty());
}
bool forgets_all(const nats_received& message) noexcept;

/// Whether a text is one event of an event stream as crier encodes it, with that id.
bool is_nats_block(std::string_view text, std::string_view id) noexcept;

} // namespace crier::detail
