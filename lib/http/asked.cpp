#include "asked.hpp"

#include <crier/http/cors.hpp>

#include "accept_header.hpp"
#include "target.hpp"
#include "topics.hpp"
#include "wire/field_text.hpp"

namespace crier::detail {
namespace {

/// The fields of a head that decide what is answered.
struct deciding_fields {
    std::string accepted; ///< the values of all `Accept` together
    std::optional<std::string> origin;
    std::size_t origins = 0;
    bool wants_method = false; ///< with `Access-Control-Request-Method`
    std::string_view last_event_id;
};

deciding_fields read_fields(const request_head& head) {
    deciding_fields read;
    for (const auto& [name, value] : head.fields) {
        if (same(name, "Accept")) {
            read.accepted.append(read.accepted.empty() ? "" : ",").append(value);
        } else if (same(name, "Origin")) {
            ++read.origins;
            read.origin = value;
        } else if (same(name, "Access-Control-Request-Method")) {
            read.wants_method = true;
        } else if (same(name, "Last-Event-ID") && read.last_event_id.empty()) {
            read.last_event_id = value;
        }
    }
    return read;
}

std::optional<refusal> why_no_stream(std::string_view method, std::string_view accepted) {
    if (method != "GET" && method != "HEAD") {
        return refusal{405, "an event stream must be requested with GET"};
    }
    if (!accepted.empty() && !accepts_event_stream(accepted)) {
        return refusal{406, "this resource is only available as text/event-stream"};
    }
    return std::nullopt;
}

} // namespace

asked ask(const request_head& head) {
    deciding_fields fields = read_fields(head);
    const auto [path, query] = split_target(head.target);
    asked made;
    made.version = head.version;
    made.style = {head.method == "HEAD", prefers_json(fields.accepted)};
    made.is_preflight = head.method == "OPTIONS" && fields.origins > 0 && fields.wants_method;
    made.path = path;
    made.query = query;
    made.last_event_id =
        fields.last_event_id.empty() ? last_event_id_in(query) : std::string{fields.last_event_id};
    if (fields.origins == 1) {
        made.origin = std::move(fields.origin);
    }
    made.no_stream = why_no_stream(head.method, fields.accepted);
    return made;
}

asked ask_foreign(const request_head& head) {
    asked made = ask(head);
    made.unsafe = check_framing(head);
    return made;
}

} // namespace crier::detail

namespace crier {

std::optional<refusal> check_stream_request(const request_head& head) {
    return detail::ask(head).no_stream;
}

bool is_preflight(const request_head& head) { return detail::ask(head).is_preflight; }

} // namespace crier
