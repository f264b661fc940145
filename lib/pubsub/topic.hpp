#pragma once

#include "shard.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace crier::detail {

struct polling_run;

/// What a topic published last, to be compared with what comes next.
struct last_value {
    std::string type;
    std::variant<std::string, boost::json::value> data;

    friend bool operator==(const last_value&, const last_value&) = default;
};

/// One life of a topic, from its first subscriber to its last. Guarded by its core's mutex.
struct topic {
    struct home {
        std::shared_ptr<shard> on;
        std::shared_ptr<lane> in;
        std::size_t members = 0;
    };

    std::string name;
    bool only_changes = false;
    std::size_t subscribers = 0;
    std::uint64_t last_join = 0;
    std::uint64_t last_publish = 0;
    std::shared_ptr<const last_value> last;
    std::shared_ptr<polling_run> polling;
    std::shared_ptr<counters> counts = std::make_shared<counters>();
    boost::container::small_vector<home, 1> homes;
};

} // namespace crier::detail
