#pragma once

#include <crier/export.hpp>
#include <crier/http/gate.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier {

/// Which pages of other origins may read responses. Without origins: none, and no CORS field is
/// sent.
///
/// CORS restricts browsers only: every request is served, and the browser hides the response from
/// the page. It is not a substitute for authentication.
///
///     crier::cors_options cors;
///     cors.origins = {"https://app.example", "http://localhost:3000"};
///
/// Source: Fetch, section 3.2.
struct cors_options {
    /// Each as a browser sends it: scheme, host, and port unless it is the scheme's default,
    /// without slash or path. Compared byte by byte. Or a single "*": every origin, without
    /// credentials.
    std::vector<std::string> origins{};
    /// Whether a page may send cookies: `new EventSource(url, {withCredentials: true})`.
    bool credentials = false;
    /// Fields that a page's request may have, such as "Authorization". `Last-Event-ID` and the
    /// fields that Fetch always allows need not be named; `Content-Type` is one only with the types
    /// of HTML forms, so name it for JSON. "*" stands for all but "Authorization". An `EventSource`
    /// sends no others.
    std::vector<std::string> headers{};
    /// Further methods that a page may use, in capitals. GET, HEAD and POST are always allowed.
    std::vector<std::string> methods{};
    /// How long a browser may cache the answer to a preflight; not negative, 0: not at all. The
    /// default is the longest that Chrome accepts.
    std::chrono::seconds max_age = std::chrono::hours{2};
};

/// Checks options. The functions below take options that passed. `serve` checks them for each
/// stream; call this at the start of a program to learn of a mistake there.
///
/// Errors: throws `std::invalid_argument` on options that make no sense; its message says what
/// would be right.
CRIER_EXPORT void check_options(const cors_options& options);

/// A field of a response.
struct response_field {
    std::string_view name; ///< a view of a text that outlives the field, such as a literal
    std::string value;

    friend bool operator==(const response_field&, const response_field&) = default;
};
using response_fields = std::vector<response_field>;

/// Whether a request is a preflight: OPTIONS with `Origin` and `Access-Control-Request-Method`.
CRIER_EXPORT bool is_preflight(const request_head& head);

/// Returns the fields for the response to any request that is not a preflight. An origin that is
/// not allowed gets `Vary` only, if anything. `Vary` is in every response that depends on the
/// origin, so that caches do not mix them up.
CRIER_EXPORT response_fields cors_fields(const cors_options& options, const request_head& head);

/// Returns why a preflight is refused: 403 for an origin that is not allowed. None: answer it with
/// 204. Methods and fields are not checked here: the browser compares them with the fields of the
/// response.
CRIER_EXPORT std::optional<refusal> check_preflight(
    const cors_options& options, const request_head& head);

/// Returns the fields for the response to a preflight, whether 204 or 403.
CRIER_EXPORT response_fields preflight_fields(
    const cors_options& options, const request_head& head);

/// Sets fields of a Beast response. They replace fields of the same name; `Vary` is added.
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
