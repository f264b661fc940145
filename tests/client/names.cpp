#include "support/names.hpp"

#include <crier/client/state_change.hpp>

#include <doctest/doctest.h>

using crier::test::enum_names;
using crier::test::names_of;

TEST_CASE("each state of a source has its name") {
    CHECK(names_of<crier::ready_state>() == enum_names{"connecting", "open", "closed"});
}

TEST_CASE("each kind of change has its name") {
    CHECK(names_of<crier::change_kind>() == enum_names{"opened", "retrying", "id_not_sent",
                                                "closed_by_program", "refused", "not_retried",
                                                "failed"});
}
