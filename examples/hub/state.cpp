#include "state.hpp"

#include <chrono>

namespace json = boost::json;

namespace hub {
namespace {

json::value journal_of(const crier::manager_stats& stats) {
    if (!stats.journal) {
        return "memory";
    }
    const crier::journal_stats& is = *stats.journal;
    json::object state{{"state", to_string(is.state)}, {"waiting", is.waiting.events},
        {"waitingBytes", is.waiting.bytes}, {"lagMilliseconds", is.lag.count()}};
    if (is.away_since) {
        state["awaySeconds"] = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::system_clock::now() - *is.away_since)
                                   .count();
    }
    return state;
}

} // namespace

health health_of(const crier::manager& events) {
    const crier::manager_stats stats = events.stats();
    const bool is_well = !stats.journal || !stats.journal->away_since;
    return {is_well, {{"status", is_well ? "ok" : "the journal does not answer"},
                         {"journal", journal_of(stats)}}};
}

json::value stats_of(const crier::manager& events) {
    const crier::manager_stats stats = events.stats();
    return {{"subscribers", stats.subscribers}, {"topics", stats.topics.size()},
        {"published", stats.published}, {"delivered", stats.delivered}, {"dropped", stats.dropped},
        {"refused", stats.refused}, {"resumed", stats.resumed}, {"memory", stats.memory},
        {"journal", journal_of(stats)}};
}

} // namespace hub
