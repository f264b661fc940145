#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

// How topics are named in subjects of NATS.

/// Bytes of the longest topic that a journal on NATS takes.
inline constexpr std::size_t nats_topic_bytes = 1'024;

/// A topic as one token of a subject: letters, digits, "-" and "_" stay, each other byte is "=XX"
/// in hexadecimal digits. The topic without a name is "=".
std::string nats_token_of(std::string_view topic);

/// The topic of a token; nothing if it is not what `nats_token_of` gives.
std::optional<std::string> nats_topic_of(std::string_view token);

/// Whether it may be the name of a stream: 1 to 64 letters, digits, "-" and "_".
bool is_nats_name(std::string_view name) noexcept;

/// The subject under which events of a topic are kept: "NAME.e.TOKEN".
std::string nats_kept_subject(std::string_view name, std::string_view topic);

/// The subject to which the server sends what it has kept: "NAME.live.TOKEN".
std::string nats_live_subject(std::string_view name, std::string_view topic);

/// The topics of such subjects; nothing if they are none.
std::optional<std::string> nats_kept_topic(std::string_view name, std::string_view subject);
std::optional<std::string> nats_live_topic(std::string_view name, std::string_view subject);

} // namespace crier::detail
