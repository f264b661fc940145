#pragma once

#include <crier/export.hpp>
#include <crier/http/gate.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier {

/// Which pages of other origins may read what is answered. Without origins, none: no field of CORS
/// is sent.
///
/// It binds browsers alone: a request of any origin is served, and only kept from the page. What
/// only some may read needs a check of its own.
///
///     crier::cors_options cors;
///     cors.origins = {"https://app.example", "http://localhost:3000"};
///
/// Source: Fetch, section 3.2.
struct cors_options {
    /// Each as a browser sends it: scheme, host, and port unless it is the scheme's own, without
    /// slash or path. Compared byte by byte. Or a single "*": every origin, without credentials.
    std::vector<std::string> origins{};
    /// Whether a page may send its cookies along: `new EventSource(url, {withCredentials: true})`.
    bool credentials = false;
    /// Fields that a page's request may carry, such as "Authorization", beside `Last-Event-ID` and
    /// those that Fetch takes for safe. An `EventSource` sends no others.
    std::vector<std::string> headers{};
    /// Methods that a page may use, in capitals, beside GET, and HEAD and POST, which browsers take
    /// as allowed in any case.
    std::vector<std::string> methods{};
    /// For how long a browser may remember what a preflight was told; not negative, 0: not at all.
    /// The default is the most that Chrome takes.
    std::chrono::seconds max_age = std::chrono::hours{2};
};

/// Errors: throws `std::invalid_argument` on options that make no sense, with what would be right.
/// The functions below take options that passed. `serve` calls it for each stream: a program that
/// calls it before has its mistake told at its start.
CRIER_EXPORT void check_options(const cors_options& options);

/// A field of a response.
struct response_field {
    std::string_view name; ///< of a text that outlives the field, such as a literal
    std::string value;

    friend bool operator==(const response_field&, const response_field&) = default;
};
using response_fields = std::vector<response_field>;

/// Whether a browser asks before it lets a page send a request: OPTIONS with `Origin` and
/// `Access-Control-Request-Method`.
CRIER_EXPORT bool is_preflight(const request_head& head);

/// The fields of any answer to a request but a preflight; a page of an origin that is not allowed
/// gets the same answer without them, and its browser keeps it from reading. Where the origin
/// matters there is `Vary`, also in an answer to no or another origin: a cache must not hand that
/// to a page which is allowed.
CRIER_EXPORT response_fields cors_fields(const cors_options& options, const request_head& head);

/// Whether a preflight may be answered with 204; 403 for an origin that is not allowed. A method or
/// a field that is not allowed is no reason: browsers find out from the lists, and name it.
CRIER_EXPORT std::optional<refusal> check_preflight(
    const cors_options& options, const request_head& head);

/// The fields of the answer to a preflight, whether it is 204 or 403.
CRIER_EXPORT response_fields preflight_fields(
    const cors_options& options, const request_head& head);

/// Puts fields into a response of Beast in place of those with the same name; `Vary` is added.
///
///     crier::set_fields(response, crier::cors_fields(cors, crier::head_of(request)));
template <class Response>
void set_fields(Response& response, const response_fields& fields) {
    for (const auto& [name, value] : fields) {
        if (name == "Vary") {
            response.insert(name, value);
        } else {
            response.set(name, value);
        }
    }
}

} // namespace crier
