#pragma once

#include "ledger.hpp"
#include "settings.hpp"
#include "sighting.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace crier::model {

/// What a reader's record says of the contract.
struct finding {
    std::vector<std::string> violations;
    std::vector<std::string> history; ///< what the reader saw around the first of them
    std::uint64_t received = 0;
    std::array<std::uint64_t, gap_reasons> gaps{};
    std::uint64_t in_gaps = 0; ///< events that are missing and lie in a gap
};

/// Checks that ids rise, that each event of the reader's topics came once, in order, from its first
/// one to its end, or was told in a gap before, and that only such gaps were told as must be.
finding check(const sightings& seen, const ledger& all, const settings& with);

} // namespace crier::model
