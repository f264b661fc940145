#include "reply.hpp"

namespace crier::detail {

reply refuse(const refusal& why, const response_fields& fields, reply_style style) {
    return {end_reason::refused, refusal_response(why, style, fields)};
}

reply refuse_for_good(const response_fields& fields) {
    return {end_reason::refused, no_content_response(fields)};
}

reply begin_only(coding as, const response_fields& fields) {
    return {end_reason::head, stream_header(as, fields)};
}

reply allow(const response_fields& fields) {
    return {end_reason::preflight, no_content_response(fields)};
}

} // namespace crier::detail
