#include "support/names.hpp"

#include <crier/pubsub/gap.hpp>
#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/stats.hpp>
#include <crier/pubsub/topic_policy.hpp>

#include <doctest/doctest.h>

using crier::test::enum_names;
using crier::test::names_of;

TEST_CASE("each way to retain has its name") {
    CHECK(names_of<crier::retention>() == enum_names{"none", "newest", "newest_per_key"});
}

TEST_CASE("each policy of a full queue has its name") {
    CHECK(names_of<crier::overflow_policy>() == enum_names{"drop_newest", "drop_oldest", "conflate",
                                                    "conflate_always", "signal", "disconnect"});
}

TEST_CASE("each severity has its name") {
    CHECK(names_of<crier::severity>() == enum_names{"info", "warning", "error"});
}

TEST_CASE("each reason of a gap has its name") {
    CHECK(names_of<crier::gap_reason>() ==
          enum_names{"evicted", "epoch", "future", "invalid", "overflow"});
    CHECK(names_of<crier::gap_reason>().size() == crier::gap_reasons);
}

TEST_CASE("each reason to drop an event has its name") {
    CHECK(names_of<crier::drop_reason>() ==
          enum_names{"newest", "oldest", "conflated", "signalled", "disconnected", "memory"});
    CHECK(names_of<crier::drop_reason>().size() == crier::drop_reasons);
}
