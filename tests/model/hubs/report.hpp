#pragma once

#include "disturbance.hpp"
#include "ledger.hpp"
#include "settings.hpp"
#include "sighting.hpp"
#include "verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace crier::model {

/// What came of a run, on standard output.
class report {
public:
    std::uint64_t events = 0; ///< acknowledged ones
    std::uint64_t connections = 0;
    ledger all{};
    disturbances done{};

    void complain(const std::vector<std::string>& what) { tell_some("", what); }
    /// Checks what readers have seen. Gives the number of all violations.
    std::size_t tell(const std::vector<sightings>& seen, const settings& with);

private:
    void tell_some(const std::string& of, const std::vector<std::string>& violations);
    void tell_sum(const finding& sum) const;

    std::size_t violations_ = 0;
};

} // namespace crier::model
