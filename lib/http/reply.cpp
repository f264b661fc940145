#include "reply.hpp"

#include "response.hpp"

namespace crier::detail {

reply refuse(const refusal& why, const response_fields& fields, bool head_only) {
    std::string response = refusal_response(why, fields);
    if (head_only) {
        response.resize(response.find("\r\n\r\n") + 4);
    }
    return {end_reason::refused, std::move(response)};
}

reply allow(const response_fields& fields) {
    return {end_reason::preflight, preflight_response(fields)};
}

} // namespace crier::detail
