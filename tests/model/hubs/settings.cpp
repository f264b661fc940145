#include "settings.hpp"

#include "../number_in.hpp"

#include <map>
#include <random>
#include <stdexcept>
#include <string_view>

namespace crier::model {
namespace {

constexpr std::string_view usage = R"(hubs HUB [OPTION VALUE]...
HUB is the program of examples/hub.
  --journal WHAT   memory, sqlite or nats (memory)
  --engine PROGRAM nats-server, for nats
  --folder PATH    keeps journals and logs, of one run
  --seed N         what is random; another one each time
  --seconds N      how long events are published, at most (10)
  --events N       after so many acknowledged ones it is over; 0: none (0)
  --history N      how many events a topic keeps (all)
  --rate N         how many a second, about (2000)
  --hubs N         (1; 3 that share a journal)
  --publishers N   (8)
  --clients N      (50)
  --calm N         milliseconds from one disturbance of a hub to the next, at most (400)
  --break WHAT     early or twice of sqlite, holes of nats: HUB has a journal that is broken so,
                   and that must be found
)";

} // namespace

settings settings_from(int argc, char** argv) {
    settings made;
    made.seed = std::random_device{}();
    const std::map<std::string_view, std::uint32_t*> numbers{{"--seed", &made.seed},
        {"--seconds", &made.seconds}, {"--events", &made.events}, {"--rate", &made.rate},
        {"--hubs", &made.hubs}, {"--publishers", &made.publishers}, {"--clients", &made.clients},
        {"--calm", &made.calm}, {"--history", &made.history}};
    const std::map<std::string_view, std::string*> texts{{"--journal", &made.journal},
        {"--engine", &made.engine}, {"--break", &made.broken}, {"--folder", &made.folder}};
    if (argc % 2 != 0) {
        throw std::invalid_argument{std::string{usage}};
    }
    made.hub = argv[1];
    for (int i = 2; i < argc; i += 2) {
        const auto number = numbers.find(argv[i]);
        const auto text = texts.find(argv[i]);
        if (number != numbers.end()) {
            *number->second = number_in(argv[i + 1], usage);
        } else if (text != texts.end()) {
            *text->second = argv[i + 1];
        } else {
            throw std::invalid_argument{std::string{usage}};
        }
    }
    const bool is_known =
        made.journal == "memory" || made.journal == "sqlite" || made.journal == "nats";
    if (!is_known || made.rate == 0 || made.publishers == 0 || made.clients == 0 ||
        made.calm == 0 || made.is_shared() == made.engine.empty()) {
        throw std::invalid_argument{std::string{usage}};
    }
    if (made.hubs == 0) {
        made.hubs = made.is_shared() ? 3 : 1;
    }
    return made;
}

} // namespace crier::model
