#pragma once

#include "nats_connection.hpp"

#include <boost/json/object.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// How long an answer may take.
inline constexpr std::chrono::milliseconds nats_patience{1'000};

/// Why JetStream does not do what it was asked.
struct nats_refusal {
    int code = 0;   ///< as of HTTP: 404, 503
    int reason = 0; ///< of JetStream's own
    std::string words{};

    bool is_missing() const noexcept { return code == 404; }

    /// `errc::journal_unavailable`: it may do so later. `no_space_on_device`: it has no room.
    /// `message_size`: the stream takes none so great.
    boost::system::error_code error() const noexcept;
};

/// The refusal that an answer is, if it is one.
std::optional<nats_refusal> refusal_in(const boost::json::object& answer);

/// What a text of JSON holds; nothing if that is no object.
std::optional<boost::json::object> nats_object(std::string_view text);

/// Asks JetStream. The answer may be a refusal, but for one that says that it may do so later,
/// which is the error `errc::journal_unavailable`.
boost::system::result<boost::json::object> nats_call(nats_connection& on, std::string_view subject,
    std::string_view payload, std::chrono::milliseconds timeout);

/// A number of an answer; 0 where there is none.
std::uint64_t nats_number(const boost::json::object& in, std::string_view name) noexcept;

/// A text of an answer; empty where there is none.
std::string_view nats_text(const boost::json::object& in, std::string_view name) noexcept;

/// An object of an answer; null where there is none.
const boost::json::object* nats_member(
    const boost::json::object& in, std::string_view name) noexcept;

/// A time such as "2026-01-02T03:04:05.678Z". Source: RFC 3339, section 5.6.
std::optional<std::chrono::system_clock::time_point> nats_time(std::string_view text) noexcept;

} // namespace crier::detail
