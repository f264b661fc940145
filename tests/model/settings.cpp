#include "settings.hpp"

#include "number_in.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace crier::model {
namespace {

constexpr std::string_view usage = R"(model [OPTION VALUE]...
  --seed N       what is random; another one each time
  --seconds N    how long events are published (10)
  --rate N       how many a second, about (30000)
  --readers N    each with a stream (16)
  --protocol P   http1, tls, http2 or http2-tls alone; else all of them
  --break WHAT   join or gap: the server is broken, and that must be found
)";

} // namespace

settings settings_from(int argc, char** argv) {
    settings made;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name{argv[i]};
        const std::string_view value{i + 1 < argc ? argv[i + 1] : ""};
        if (name == "--seed") {
            made.seed = number_in(value, usage);
        } else if (name == "--seconds") {
            made.seconds = number_in(value, usage);
        } else if (name == "--rate") {
            made.rate = number_in(value, usage);
        } else if (name == "--readers") {
            made.readers = number_in(value, usage);
        } else if (name == "--protocol") {
            std::erase_if(
                made.protocols, [value](protocol each) { return name_of(each) != value; });
        } else if (name == "--break" && (value == "join" || value == "gap")) {
            made.broken = value == "join" ? fault::join : fault::gap;
        } else {
            throw std::invalid_argument{std::string{usage}};
        }
    }
    if (made.protocols.empty()) {
        throw std::invalid_argument{std::string{usage}};
    }
    return made;
}

} // namespace crier::model
