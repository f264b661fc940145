#include "loop.hpp"

#include <crier/http/stream_counts.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace json = boost::json;

namespace game {
namespace {

using std::chrono::steady_clock;
constexpr std::int64_t ticks_per_second = world::tick::period::den;

std::int64_t microseconds(std::chrono::nanoseconds of) {
    return std::chrono::round<std::chrono::microseconds>(of).count();
}

json::value to_json(const spread& of) {
    return {{"p50", microseconds(of.p50)}, {"p99", microseconds(of.p99)},
        {"max", microseconds(of.max)}};
}

} // namespace

spread spread_of(const std::vector<turn>& turns, std::chrono::nanoseconds turn::* which) {
    std::vector<std::chrono::nanoseconds> times;
    times.reserve(turns.size());
    for (const turn& each : turns) {
        times.push_back(each.*which);
    }
    std::ranges::sort(times);
    return {times[times.size() / 2], times[times.size() * 99 / 100], times.back()};
}

loop::loop(std::size_t number, std::vector<room> rooms, crier::manager& to)
    : number_{number},
      rooms_{std::move(rooms)},
      to_{to},
      thread_{[this](const std::stop_token& stopped) { run(stopped); }} {}

std::vector<turn> loop::last(std::size_t count) const {
    const std::lock_guard lock{mutex_};
    count = std::min(count, turns_.size());
    return {turns_.end() - static_cast<std::ptrdiff_t>(count), turns_.end()};
}

void loop::run(const std::stop_token& stopped) {
    steady_clock::time_point start = steady_clock::now();
    for (world::tick planned{1}; !stopped.stop_requested(); ++planned) {
        const auto plan = start + std::chrono::duration_cast<steady_clock::duration>(planned);
        std::this_thread::sleep_until(plan);
        const auto woken = steady_clock::now();

        for (room& each : rooms_) {
            each.step(to_);
        }
        if (planned.count() % ticks_per_second == 0) {
            to_.publish("timing", timing(), {.type = "timing", .key = std::to_string(number_)});
        }

        const auto done = steady_clock::now();
        const std::lock_guard lock{mutex_};
        turns_.push_back({woken - plan, done - woken});
        if (turns_.size() > kept) {
            turns_.pop_front();
        }
        // After a pause of the whole machine, missed ticks are not made up for.
        if (done - plan > std::chrono::milliseconds{250}) {
            start = done - std::chrono::duration_cast<steady_clock::duration>(planned);
        }
    }
}

json::value loop::timing() const {
    const std::vector<turn> turns = last(ticks_per_second * 10);
    json::array late;
    json::array work;
    for (const turn& each : last(ticks_per_second)) {
        late.push_back(microseconds(each.late));
        work.push_back(microseconds(each.work));
    }
    json::object timing{{"thread", number_}, {"streams", crier::streams_of(to_).open}};
    if (!turns.empty()) {
        timing["late"] = to_json(spread_of(turns, &turn::late));
        timing["work"] = to_json(spread_of(turns, &turn::work));
        timing["turns"] = json::object{{"late", std::move(late)}, {"work", std::move(work)}};
    }
    return timing;
}

} // namespace game
