#include "world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string_view>

namespace json = boost::json;

namespace game {
namespace {

constexpr double pi = std::numbers::pi;
constexpr vec size{1600, 1000};
constexpr std::size_t fleets = 4;
constexpr std::size_t ships_per_fleet = 16;

vec operator+(vec a, vec b) { return {a.x + b.x, a.y + b.y}; }
vec operator-(vec a, vec b) { return {a.x - b.x, a.y - b.y}; }
vec operator*(vec a, double by) { return {a.x * by, a.y * by}; }
double length(vec of) { return std::hypot(of.x, of.y); }
double dot(vec a, vec b) { return a.x * b.x + a.y * b.y; }
vec unit(vec of) { return length(of) > 1e-9 ? of * (1 / length(of)) : vec{}; }
vec towards(double heading) { return {std::sin(heading), -std::cos(heading)}; }

struct island {
    std::string_view name;
    vec centre;
    double radius;
    double shape; ///< any number: another one is another coast
};

constexpr std::array<island, 9> islands{{
    {"The Strand", {330, 290}, 118, 1.7},
    {"Signal Rock", {690, 150}, 34, 4.1},
    {"Hub Island", {800, 560}, 138, 2.9},
    {"Cursor Key", {1160, 235}, 80, 0.4},
    {"Little Cursor", {1305, 300}, 30, 5.2},
    {"The Backlog", {400, 740}, 88, 3.3},
    {"Frame Rock", {580, 860}, 26, 0.9},
    {"Shard", {1075, 815}, 58, 6.0},
    {"Lower Shard", {1190, 905}, 30, 2.2},
}};

double radius(const island& of, double angle) {
    double waves = 0;
    for (int k = 2; k <= 9; ++k) {
        waves += std::sin(k * angle + of.shape * k * k) * 0.3 / k;
    }
    return of.radius * (1 + waves);
}

/// The distance to the coast. Far away, where nobody steers by it, a rough value is enough.
double clearance(const island& from, vec at) {
    const vec away = at - from.centre;
    const double least = length(away) - 1.6 * from.radius;
    return least > 100 ? least : length(away) - radius(from, std::atan2(away.y, away.x));
}

double clearance(vec at) {
    double nearest = std::numeric_limits<double>::max();
    for (const island& each : islands) {
        nearest = std::min(nearest, clearance(each, at));
    }
    return nearest;
}

/// Steers away from islands ahead, and along the coast in the ship's direction.
vec avoid_islands(vec at, vec bound) {
    constexpr double wide = 42;
    vec sum;
    for (const double ahead : {0.0, 30.0, 65.0}) {
        const vec probe = at + bound * ahead;
        for (const island& each : islands) {
            const double near = 1 - clearance(each, probe) / wide;
            if (near > 0) {
                const vec out = unit(probe - each.centre);
                const vec along{-out.y, out.x};
                const double side = dot(along, bound) < 0 ? -1 : 1;
                sum = sum + (out * 1.6 + along * side) * std::min(near, 2.0);
            }
        }
    }
    return sum;
}

vec avoid_border(vec at) {
    constexpr double wide = 70;
    const auto push = [](double place, double end) {
        return std::max(0.0, 1 - place / wide) - std::max(0.0, 1 - (end - place) / wide);
    };
    return {push(at.x, size.x), push(at.y, size.y)};
}

std::int64_t tenths(double of) { return std::llround(of * 10); }

} // namespace

json::value chart() {
    json::array coasts;
    for (const island& each : islands) {
        constexpr int points = 120;
        json::array coast;
        for (int i = 0; i < points; ++i) {
            const double angle = 2 * pi * i / points;
            const vec at =
                each.centre + vec{std::cos(angle), std::sin(angle)} * radius(each, angle);
            coast.push_back(json::array{tenths(at.x), tenths(at.y)});
        }
        coasts.push_back(json::object{{"name", each.name}, {"coast", std::move(coast)}});
    }
    return {{"width", tenths(size.x)}, {"height", tenths(size.y)}, {"fleets", fleets},
        {"shipsPerFleet", ships_per_fleet}, {"ticksPerSecond", world::tick::period::den},
        {"islands", std::move(coasts)}};
}

world::world(std::uint32_t seed) : random_{seed}, scores_(fleets) {
    for (std::size_t fleet = 0; fleet < fleets; ++fleet) {
        const vec start = open_water();
        marks_.push_back(open_water());
        for (std::size_t i = 0; i < ships_per_fleet; ++i) {
            const std::size_t row = i / 4;
            const vec place{static_cast<double>(i % 4), static_cast<double>(row)};
            const vec at = start + place * 18;
            const vec bound = marks_[fleet] - at;
            ships_.push_back({at, std::atan2(bound.x, -bound.y), fleet});
        }
    }
}

vec world::open_water() {
    std::uniform_real_distribution<double> x{90, size.x - 90};
    std::uniform_real_distribution<double> y{90, size.y - 90};
    vec found;
    do {
        found = {x(random_), y(random_)};
    } while (clearance(found) < 60);
    return found;
}

vec world::course(std::size_t of) const {
    constexpr double sight = 95;
    constexpr double room = 27;
    const ship& self = ships_[of];
    vec headings;
    vec middle;
    vec apart;
    double seen = 0;
    for (const ship& other : ships_) {
        const vec away = self.at - other.at;
        const double distance = length(away);
        if (&other == &self || distance > sight) {
            continue;
        }
        if (distance < room) {
            apart = apart + unit(away) * (1 - distance / room);
        }
        if (other.fleet == self.fleet) {
            headings = headings + towards(other.heading);
            middle = middle + other.at;
            ++seen;
        }
    }
    const vec bound = towards(self.heading);
    vec sum = bound * 0.7 + unit(marks_[self.fleet] - self.at) * 0.6 + unit(headings) * 0.7 +
              apart * 1.5 + avoid_islands(self.at, bound) * 1.8 + avoid_border(self.at) * 3;
    if (seen > 0) {
        sum = sum + unit(middle * (1 / seen) - self.at) * 0.3;
    }
    return sum;
}

void world::step() {
    constexpr double seconds = std::chrono::duration<double>{tick{1}}.count();
    constexpr double quickest_turn = 1.4;
    ++tick_;
    std::vector<vec> courses;
    courses.reserve(ships_.size());
    for (std::size_t i = 0; i < ships_.size(); ++i) {
        courses.push_back(course(i));
    }
    for (std::size_t i = 0; i < ships_.size(); ++i) {
        ship& each = ships_[i];
        const double wanted = std::atan2(courses[i].x, -courses[i].y);
        const double turn = std::remainder(wanted - each.heading, 2 * pi);
        each.heading += std::clamp(turn * 2, -quickest_turn, quickest_turn) * seconds;
        const double speed =
            27 + 2 * static_cast<double>(i % 5) - 5 * std::min(std::abs(turn), 2.0);
        each.at = each.at + towards(each.heading) * speed * seconds;
        for (const island& coast : islands) {
            const double aground = 6 - clearance(coast, each.at);
            if (aground > 0) {
                each.at = each.at + unit(each.at - coast.centre) * aground;
            }
        }
        if (length(marks_[each.fleet] - each.at) < 60) {
            marks_[each.fleet] = open_water();
            ++scores_[each.fleet];
        }
    }
}

double world::way_to_mark(std::size_t fleet) const {
    double least = std::numeric_limits<double>::max();
    for (const ship& each : ships_) {
        if (each.fleet == fleet) {
            least = std::min(least, length(marks_[fleet] - each.at));
        }
    }
    return least;
}

std::size_t world::leader() const {
    std::size_t best = 0;
    for (std::size_t fleet = 1; fleet < fleets; ++fleet) {
        const auto ahead = scores_[fleet] - scores_[best];
        if (ahead > 0 || (ahead == 0 && way_to_mark(fleet) < way_to_mark(best))) {
            best = fleet;
        }
    }
    return best;
}

void tag_invoke(const json::value_from_tag&, json::value& to, const world& from) {
    json::array ships;
    ships.reserve(from.ships_.size());
    for (std::size_t i = 0; i < from.ships_.size(); ++i) {
        const ship& each = from.ships_[i];
        const double degrees = std::remainder(each.heading, 2 * pi) * 180 / pi;
        ships.push_back(json::array{
            i, tenths(each.at.x), tenths(each.at.y), (std::llround(degrees) + 360) % 360});
    }
    json::array marks;
    for (const vec each : from.marks_) {
        marks.push_back(json::array{tenths(each.x), tenths(each.y)});
    }
    to = {{"tick", from.tick_}, {"ships", std::move(ships)}, {"marks", std::move(marks)},
        {"scores", json::value_from(from.scores_)}};
}

} // namespace game
