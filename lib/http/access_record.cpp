#include <crier/http/access_record.hpp>

#include "wire/printable.hpp"

#include <chrono>
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
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    const std::string part = std::to_string(milliseconds % 1'000);
    return std::to_string(milliseconds / 1'000) + "." + std::string(3 - part.size(), '0') + part +
           " s";
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
