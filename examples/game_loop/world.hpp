// A small sea: islands, and fleets of ships that race from mark to mark around them.
#pragma once

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <ratio>
#include <vector>

namespace game {

struct vec {
    double x = 0;
    double y = 0;
};

struct ship {
    vec at;
    double heading = 0; ///< radians, clockwise from north
    std::size_t fleet = 0;
};

/// What does not move: size, islands, fleets. Lengths in JSON are in tenths of a unit.
boost::json::value chart();

class world {
public:
    using tick = std::chrono::duration<std::int64_t, std::ratio<1, 60>>;

    explicit world(std::uint32_t seed);

    void step();

    tick age() const noexcept { return tick{tick_}; }

    /// The fleet that has reached the most marks. Of equals, the one nearest to its next mark.
    std::size_t leader() const;

    /// Converts to `{"tick", "ships": [[id, x, y, heading], ...], "marks": [[x, y], ...],
    /// "scores": [n, ...]}`.
    friend void tag_invoke(
        const boost::json::value_from_tag&, boost::json::value& to, const world& from);

private:
    vec open_water();
    vec course(std::size_t of) const;
    double way_to_mark(std::size_t fleet) const;

    std::mt19937 random_;
    std::int64_t tick_ = 0;
    std::vector<ship> ships_;
    std::vector<vec> marks_;           ///< one for each fleet
    std::vector<std::int64_t> scores_; ///< marks that each fleet has reached
};

} // namespace game
