#pragma once

#include <crier/http/cors.hpp>
#include <crier/http/end_reason.hpp>

#include "response.hpp"

#include <string>

namespace crier::detail {

/// What a client gets in place of a stream: a whole response, with which its connection ends, and
/// the reason that is told for it.
struct reply {
    end_reason reason;
    std::string response;
};

reply refuse(const refusal& why, const response_fields& fields, reply_style style = {});

/// Tells a browser that it is not to come back.
/// Source: WHATWG HTML 9.2.3, "HTTP 204 No Content".
reply refuse_for_good(const response_fields& fields);

/// Answers HEAD as GET would be, without the stream.
reply begin_only(coding as, const response_fields& fields);

/// Tells a browser what a page may do.
reply allow(const response_fields& fields);

} // namespace crier::detail
