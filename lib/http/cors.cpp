#include <crier/http/cors.hpp>

#include "origin.hpp"
#include "wire/field_text.hpp"

#include <algorithm>
#include <stdexcept>

namespace crier {
namespace {

using detail::same;

constexpr std::string_view any_origin = "*";

[[noreturn]] void refuse(const std::string& reason) {
    throw std::invalid_argument{"cors: " + reason};
}

std::string in_quotes(std::string_view text) { return '"' + std::string{text} + '"'; }

bool allows_all(const cors_options& options) {
    return options.origins.size() == 1 && options.origins.front() == any_origin;
}

/// The configured origin that the request is from, if any: a peer's own text is never sent back.
const std::string* allowed_origin(const cors_options& options, const request_head& head) {
    if (allows_all(options)) {
        return &options.origins.front();
    }
    std::optional<std::string_view> named;
    for (const auto& [name, value] : head.fields) {
        if (same(name, "Origin")) {
            if (named) {
                return nullptr;
            }
            named = value;
        }
    }
    const auto found = named ? std::ranges::find(options.origins, *named) : options.origins.end();
    return found == options.origins.end() ? nullptr : &*found;
}

void add_permission(response_fields& to, const cors_options& options, const std::string& origin) {
    to.push_back({"Access-Control-Allow-Origin", origin});
    if (options.credentials) {
        to.push_back({"Access-Control-Allow-Credentials", "true"});
    }
}

/// What is always allowed, and what the options add.
std::string list_of(std::string_view always, const std::vector<std::string>& more) {
    std::string list{always};
    for (const std::string& element : more) {
        if (!same(element, always)) {
            list.append(", ").append(element);
        }
    }
    return list;
}

} // namespace

void check_options(const cors_options& options) {
    const bool any = std::ranges::find(options.origins, any_origin) != options.origins.end();
    if (any && options.origins.size() > 1) {
        refuse(R"("*" allows every origin already; leave out the others, or "*")");
    }
    if (any && options.credentials) {
        refuse("no browser takes \"*\" together with credentials; name the origins");
    }
    if (!any) {
        std::ranges::for_each(options.origins, detail::check_origin);
    }
    for (const auto* list : {&options.headers, &options.methods}) {
        for (const std::string& name : *list) {
            if (!detail::is_token(name)) {
                refuse(in_quotes(name) + " is no name of a header field or method");
            }
            if (name == "*" && options.credentials) {
                refuse("with credentials \"*\" stands for itself; name the headers and methods");
            }
        }
    }
    for (const std::string& method : options.methods) {
        if (std::ranges::any_of(method, [](char c) { return c >= 'a' && c <= 'z'; })) {
            refuse("the method " + in_quotes(method) + " is not in capitals, as methods are sent");
        }
    }
    if (options.max_age.count() < 0) {
        refuse("max_age is negative; 0 s keeps browsers from remembering");
    }
}

bool is_preflight(const request_head& head) {
    const auto has = [&head](std::string_view wanted) {
        return std::ranges::any_of(
            head.fields, [wanted](const auto& field) { return same(field.first, wanted); });
    };
    return head.method == "OPTIONS" && has("Origin") && has("Access-Control-Request-Method");
}

response_fields cors_fields(const cors_options& options, const request_head& head) {
    response_fields fields;
    if (const std::string* origin = allowed_origin(options, head)) {
        add_permission(fields, options, *origin);
    }
    if (!options.origins.empty() && !allows_all(options)) {
        fields.push_back({"Vary", "Origin"});
    }
    return fields;
}

std::optional<refusal> check_preflight(const cors_options& options, const request_head& head) {
    return allowed_origin(options, head) != nullptr
             ? std::nullopt
             : std::optional{refusal{403, "pages of this origin are not allowed"}};
}

response_fields preflight_fields(const cors_options& options, const request_head& head) {
    response_fields fields;
    if (const std::string* origin = allowed_origin(options, head)) {
        add_permission(fields, options, *origin);
        fields.push_back({"Access-Control-Allow-Methods", list_of("GET", options.methods)});
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

} // namespace crier
