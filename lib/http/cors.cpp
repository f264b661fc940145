#include "cors.hpp"

#include "origin.hpp"
#include "wire/field_text.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace crier {
namespace detail {
namespace {

bool allows_all(const cors_options& options) {
    return options.origins.size() == 1 && options.origins.front() == any_origin;
}

/// The configured origin that the request is from, if any: a peer's own text is never sent back.
const std::string* allowed_origin(const cors_options& options, const asked& request) {
    if (allows_all(options)) {
        return &options.origins.front();
    }
    const auto found = request.origin ? std::ranges::find(options.origins, *request.origin)
                                      : options.origins.end();
    return found == options.origins.end() ? nullptr : &*found;
}

void add_origin(response_fields& to, const cors_options& options, const std::string& origin) {
    to.push_back({"Access-Control-Allow-Origin", origin});
    if (options.credentials) {
        to.push_back({"Access-Control-Allow-Credentials", "true"});
    }
}

/// What is always allowed, and what the options add.
std::string list_of(std::string_view always, const std::vector<std::string>& more) {
    std::string list{always};
    for (const std::string& element : more) {
        if (!any_in(always, [&element](auto each) { return same(each, element); })) {
            list.append(", ").append(element);
        }
    }
    return list;
}

response_fields fields_for(const cors_options& options, const std::string* origin) {
    response_fields fields;
    if (origin != nullptr) {
        add_origin(fields, options, *origin);
    }
    if (!options.origins.empty() && !allows_all(options)) {
        fields.push_back({"Vary", "Origin"});
    }
    return fields;
}

response_fields preflight_fields_for(const cors_options& options, const std::string* origin) {
    response_fields fields;
    if (origin != nullptr) {
        add_origin(fields, options, *origin);
        fields.push_back(
            {"Access-Control-Allow-Methods", list_of("GET, HEAD, POST", options.methods)});
        fields.push_back(
            {"Access-Control-Allow-Headers", list_of("Last-Event-ID", options.headers)});
        fields.push_back({"Access-Control-Max-Age", std::to_string(options.max_age.count())});
    }
    if (!options.origins.empty()) {
        fields.push_back(
            {"Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"});
    }
    return fields;
}

std::optional<refusal> refusal_of(const std::string* origin) {
    return origin != nullptr ? std::nullopt
                             : std::optional{refusal{403, "pages of this origin are not allowed"}};
}

} // namespace

permission permit(const cors_options& options, const asked& request) {
    if (options.origins.empty()) {
        return {};
    }
    const std::string* const origin = allowed_origin(options, request);
    return request.is_preflight
             ? permission{true, refusal_of(origin), preflight_fields_for(options, origin)}
             : permission{false, std::nullopt, fields_for(options, origin)};
}

} // namespace detail

response_fields cors_fields(const cors_options& options, const request_head& head) {
    return detail::fields_for(options, detail::allowed_origin(options, detail::ask(head)));
}

std::optional<refusal> check_preflight(const cors_options& options, const request_head& head) {
    return detail::refusal_of(detail::allowed_origin(options, detail::ask(head)));
}

response_fields preflight_fields(const cors_options& options, const request_head& head) {
    return detail::preflight_fields_for(
        options, detail::allowed_origin(options, detail::ask(head)));
}

} // namespace crier
