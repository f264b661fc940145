#include "run.hpp"

#include "report.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <numeric>

namespace crier::model {
namespace {

using namespace std::chrono_literals;

std::vector<std::uint32_t> some_topics(dice& random) {
    std::vector<std::uint32_t> topics;
    for (std::uint32_t left = 1 + random(3); left > 0; --left) {
        const std::uint32_t topic = random(topics_published);
        if (std::ranges::find(topics, topic) == topics.end()) {
            topics.push_back(topic);
        }
    }
    return topics;
}

std::vector<std::uint32_t> all_topics() {
    std::vector<std::uint32_t> topics(topics_published);
    std::iota(topics.begin(), topics.end(), 0U);
    return topics;
}

} // namespace

run::run(const settings& with) : with_{with} {
    for (std::uint32_t i = 0; i < with.publishers + 1; ++i) {
        publisher& made = publishers_.emplace_back(town_, i);
        town_.on_cut([&made] { made.cut(); });
    }
    make_clients();
    if (with.is_shared()) {
        engine_.emplace(town_, with.engine, file("engine"));
    }
    for (std::size_t i = 0; i < with.hubs; ++i) {
        hubs_.emplace_back(town_, i, command(i), file("hubs.log"));
    }
}

std::size_t run::go() {
    for (raw_client& each : clients_) {
        readers_.emplace_back([&each] { each.run(); });
    }
    readers_.emplace_back([this] { library_.run(); });
    publish();
    read_to_the_end();
    if (with_.outlasts_restarts()) {
        read_all_again();
    }
    for (hub& each : hubs_) {
        each.end();
    }
    return report();
}

/// One in ten reads slowly, and all topics; one in five is a client of the library.
void run::make_clients() {
    dice random{with_.seed};
    for (std::uint32_t i = 0; i < with_.clients; ++i) {
        const std::size_t home = i % with_.hubs;
        const bool is_sluggish = i % 10 == 0;
        const std::vector<std::uint32_t> topics = is_sluggish ? all_topics() : some_topics(random);
        if (i % 5 == 4) {
            library_.add(home, topics);
            continue;
        }
        raw_client& made = clients_.emplace_back(town_, home, topics, with_.seed + i);
        if (is_sluggish) {
            made.be_sluggish();
        }
        town_.on_cut([&made] { made.cut(); });
    }
}

std::string run::file(const std::string& name) const {
    return with_.folder.empty() ? folder_.file(name.c_str()) : with_.folder + '/' + name;
}

std::vector<std::string> run::command(std::size_t number) const {
    std::string journal = engine_ ? engine_->journal_of(number) : with_.journal;
    if (journal == "sqlite") {
        const std::string kind = with_.broken.empty() ? journal : with_.broken;
        journal = kind + ':' + file("events" + std::to_string(number));
    } else if (!with_.broken.empty()) {
        journal = with_.broken + ':' + journal;
    }
    const std::string all = std::to_string(whole_history);
    return {with_.hub, "--port", "0", "--heartbeat", "2", "--journal", journal, "--history",
        std::to_string(with_.history), "--history-bytes", all, "--history-age", all};
}

/// Until it is enough, and all are undisturbed.
void run::publish() {
    std::vector<std::thread> publishing;
    for (auto each = publishers_.begin(); each != std::prev(publishers_.end()); ++each) {
        publishing.emplace_back([&by = *each] { by.run(); });
    }
    if (engine_) {
        engine_->begin();
    }
    wait();
    town_.is_published = true;
    for (std::thread& each : publishing) {
        each.join();
    }
    if (engine_) {
        engine_->calm_down();
    }
}

void run::wait() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{with_.seconds};
    while (std::chrono::steady_clock::now() < end && !town_.is_given_up &&
           (with_.events == 0 || town_.acknowledged < with_.events)) {
        std::this_thread::sleep_for(10ms);
    }
}

void run::publish_ends(const std::function<void(std::size_t, std::uint32_t, event_id)>& note) {
    for (std::size_t home = 0; home < islands(); ++home) {
        for (std::uint32_t topic = 0; topic < topics_published; ++topic) {
            note(home, topic, publishers_.back().insist(home, topic));
        }
    }
}

/// Whoever has missed an end, as he came for the first time after it, gets a later one.
void run::publish_ends_while(const std::function<void()>& reading) {
    std::atomic<bool> is_read{false};
    std::thread publishing{[&] {
        const auto latest = std::chrono::steady_clock::now() + 60s;
        while (!is_read && !town_.is_given_up) {
            publish_ends([](std::size_t, std::uint32_t, event_id) {});
            std::this_thread::sleep_for(200ms);
            if (std::chrono::steady_clock::now() > latest) {
                town_.is_given_up = true;
            }
        }
    }};
    reading();
    is_read = true;
    publishing.join();
}

void run::read_to_the_end() {
    publish_ends([this](std::size_t home, std::uint32_t topic, event_id at) {
        town_.set_end(home, topic, at);
    });
    town_.is_over = true;
    publish_ends_while([this] {
        for (std::thread& each : readers_) {
            each.join();
        }
    });
    for (raw_client& each : clients_) {
        seen_.push_back(each.take_all());
    }
    for (reader& each : library_.readers()) {
        seen_.push_back(each.take_all());
    }
}

/// After one more crash all is there that was ever acknowledged.
void run::read_all_again() {
    const std::vector<std::uint32_t> topics = all_topics();
    for (hub& each : hubs_) {
        each.restart();
    }
    for (std::size_t home = 0; home < islands(); ++home) {
        const event_id end = town_.end_of(home, topics);
        raw_client all{town_, home, topics, with_.seed};
        all.begin_after({end.epoch, 0});
        publish_ends_while([&all] { all.run(); });
        seen_.push_back(all.take_all());
    }
}

std::size_t run::report() const {
    model::report made;
    made.events = town_.acknowledged;
    made.connections = town_.connections;
    std::uint32_t number = 0;
    for (const publisher& each : publishers_) {
        made.all.add(number++, each.notes());
        made.complain(each.complaints());
    }
    for (const hub& each : hubs_) {
        made.done.add(each.done());
        made.complain(each.complaints());
    }
    if (engine_) {
        made.done.add(engine_->done());
        made.complain(engine_->complaints());
    }
    return made.tell(seen_, with_);
}

} // namespace crier::model
