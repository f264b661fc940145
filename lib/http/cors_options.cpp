#include <crier/http/cors.hpp>

#include "origin.hpp"
#include "wire/field_text.hpp"

#include <algorithm>
#include <stdexcept>

namespace crier {
namespace {

[[noreturn]] void no_sense(const std::string& reason) {
    throw std::invalid_argument{"cors: " + reason};
}

std::string in_quotes(std::string_view text) { return '"' + std::string{text} + '"'; }

} // namespace

void check_options(const cors_options& options) {
    const bool any =
        std::ranges::find(options.origins, detail::any_origin) != options.origins.end();
    if (any && options.origins.size() > 1) {
        no_sense(R"("*" allows every origin already; leave out the others, or "*")");
    }
    if (any && options.credentials) {
        no_sense("browsers do not accept \"*\" with credentials; name the origins");
    }
    if (!any) {
        std::ranges::for_each(options.origins, detail::check_origin);
    }
    for (const auto* list : {&options.headers, &options.methods}) {
        for (const std::string& name : *list) {
            if (!detail::is_token(name)) {
                no_sense(in_quotes(name) + " is not the name of a header field or method");
            }
            if (name == "*" && options.credentials) {
                no_sense("with credentials \"*\" is not a wildcard; name the headers and methods");
            }
        }
    }
    for (const std::string& method : options.methods) {
        if (std::ranges::any_of(method, [](char c) { return c >= 'a' && c <= 'z'; })) {
            no_sense(
                "the method " + in_quotes(method) + " is not in capitals, as methods are sent");
        }
    }
    if (options.max_age.count() < 0) {
        no_sense("max_age is negative; 0 s turns caching off");
    }
}

} // namespace crier
