#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace crier {

/// One event of an event stream. Source: WHATWG HTML 9.2.
///
///     crier::event moved{.type = "moved", .data = R"({"x":1,"y":2})"};
struct event {
    /// The name under which a browser dispatches it. Empty means "message". No CR, LF or NUL.
    std::string type{};
    /// The payload, any UTF-8. Each CRLF, CR or LF in it arrives as one LF.
    std::string data{};
    /// What a client sends back as `Last-Event-ID`. Empty sends none. At most 128 bytes of 0x21 to
    /// 0x7E.
    std::string id{};
    /// The client's new reconnection time, from 0 to 2^31 - 1 milliseconds.
    std::optional<std::chrono::milliseconds> retry{};

    friend bool operator==(const event&, const event&) = default;
};

/// An event as views of texts that are owned elsewhere.
struct event_view {
    std::string_view type{};
    std::string_view data{};
    std::string_view id{};
    std::optional<std::chrono::milliseconds> retry{};

    event_view() = default;
    event_view(const event& source) // NOLINT(google-explicit-constructor): it is the same thing
        : type{source.type}, data{source.data}, id{source.id}, retry{source.retry} {}
    explicit event_view(std::string_view text) : data{text} {}
};

} // namespace crier
