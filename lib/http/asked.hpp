#pragma once

#include <crier/http/gate.hpp>

#include "response.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// What a request asks, read once from its head: all that is decided about it, is from this.
struct asked {
    unsigned version = 11;
    reply_style style{};       ///< of what is answered in place of a stream
    bool is_preflight = false; ///< a browser asks what a page may do, if pages may do anything
    std::string path;          ///< as it was sent, without scheme and host
    std::string query;         ///< as it was sent, without the question mark
    std::string last_event_id;
    std::optional<std::string> origin; ///< none where there are several, too
    std::optional<refusal> unsafe;     ///< why the gate would not have let it pass
    std::optional<refusal> no_stream;  ///< why it cannot be answered with an event stream
};

/// Reads a head that the gate has let pass.
asked ask(const request_head& head);

/// Reads one that another server has parsed.
asked ask_foreign(const request_head& head);

} // namespace crier::detail
