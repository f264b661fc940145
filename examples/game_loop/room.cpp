#include "room.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace json = boost::json;

namespace game {
namespace {

/// The world with the time of its state, by which a viewer knows how old it is.
struct state {
    const world& of;
    world::tick left;
};

// It is called only if somebody is in the room.
void tag_invoke(const json::value_from_tag&, json::value& to, const state& from) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    to = json::value_from(from.of);
    to.as_object()["left"] = from.left.count();
    to.as_object()["time"] = std::chrono::floor<std::chrono::milliseconds>(now).count();
}

} // namespace

std::string room_topic(std::size_t number) { return "room/" + std::to_string(number); }

room::room(std::size_t number, std::size_t thread, room_rules rules, world::tick head_start)
    : number_{number},
      thread_{thread},
      rules_{rules},
      topic_{room_topic(number)},
      head_start_{head_start} {}

void room::step(crier::manager& to) {
    --left_;
    if (world_) {
        play(to);
    } else if (left_.count() <= 0) {
        begin(to);
    }
}

void room::begin(crier::manager& to) {
    ++games_;
    // Fixed seeds: each run of the program shows the same games.
    world_.emplace(static_cast<std::uint32_t>(number_ * 1'000 + games_));
    left_ = rules_.game - std::exchange(head_start_, {});
    // The topic's first event opens the room again. Only then does the page hear of it.
    to.publish(topic_, state{*world_, left_}, {.type = "world"});
    const json::object news{
        {"room", number_}, {"thread", thread_}, {"game", games_}, {"winner", nullptr}};
    to.publish("rooms", news, {.type = "room", .key = topic_});
}

void room::play(crier::manager& to) {
    world_->step();
    to.publish(topic_, state{*world_, left_}, {.type = "world"});
    if (left_.count() <= 0) {
        end(to);
    }
}

void room::end(crier::manager& to) {
    const json::object news{
        {"room", number_}, {"thread", thread_}, {"game", games_}, {"winner", world_->leader()}};
    to.publish(topic_, news, {.type = "won"});
    to.close_topic(topic_);
    to.publish("rooms", news, {.type = "room", .key = topic_});
    world_.reset();
    left_ = rules_.pause;
}

} // namespace game
