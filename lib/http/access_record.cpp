#include <crier/http/access_record.hpp>

#include "wire/printable.hpp"

#include <chrono>
#include <cstdio>
#include <string_view>

namespace crier {
namespace {

std::string quoted(std::string_view text) {
    std::string made{'"'};
    for (const char each : detail::printable(text)) {
        if (each == '"') {
            made += '\\';
        }
        made += each;
    }
    return made += '"';
}

std::string_view or_dash(std::string_view text) { return text.empty() ? "-" : text; }

std::string in_seconds(std::chrono::microseconds time) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f s", std::chrono::duration<double>{time}.count());
    return text;
}

} // namespace

std::string to_string(const access_record& of) {
    std::string line{or_dash(of.peer)};
    const std::string request = of.method + " " + of.target + " " + of.protocol;
    line += " " + (of.method.empty() ? "-" : quoted(request));
    line += " " + (of.status == 0 ? "-" : std::to_string(of.status));
    line += " " + in_seconds(of.took);
    if (of.tls) {
        line += " " + of.tls->version + " " + of.tls->cipher;
        line += " " + (of.tls->client.empty() ? "-" : quoted(of.tls->client));
    } else {
        line += " - - -";
    }
    return line;
}

} // namespace crier
