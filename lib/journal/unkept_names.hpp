#pragma once

#include "database.hpp"
#include "statement.hpp"

#include <cstdint>
#include <string_view>

namespace crier::detail {

/// Up to which number names that are no topics of the file had events, by their hashes: one may be
/// thought to have had some that were another's, never the other way round.
class unkept_names {
public:
    explicit unkept_names(database& in);

    std::uint64_t through(std::string_view name);
    void note(std::string_view name, std::uint64_t sequence);

private:
    statement find_;
    statement note_;
};

} // namespace crier::detail
