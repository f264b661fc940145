// Checks what clients of whole hubs see while these are killed, stopped, ended and cut off at
// random.

#include "engine.hpp"
#include "hub.hpp"
#include "ledger.hpp"
#include "library_clients.hpp"
#include "publisher.hpp"
#include "raw_client.hpp"
#include "settings.hpp"
#include "support/temporary.hpp"
#include "verdict.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <iostream>
#include <list>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace model = crier::model;
using namespace std::chrono_literals;

/// All that is in one run.
class run {
public:
    explicit run(const model::settings& with) : town_{with}, with_{with} {
        for (std::uint32_t i = 0; i < with.publishers + 1; ++i) {
            model::publisher& made = publishers_.emplace_back(town_, i);
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

    /// How many violations there were.
    std::size_t go() {
        std::vector<std::thread> publishing;
        for (auto each = publishers_.begin(); each != std::prev(publishers_.end()); ++each) {
            publishing.emplace_back([&by = *each] { by.run(); });
        }
        for (model::raw_client& each : clients_) {
            threads_.emplace_back([&each] { each.run(); });
        }
        threads_.emplace_back([this] { library_.run(); });
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
        come_to_the_end();
        if (with_.outlasts_restarts()) {
            read_all_again();
        }
        for (model::hub& each : hubs_) {
            each.end();
        }
        return report();
    }

private:
    void make_clients() {
        model::dice random{with_.seed};
        for (std::uint32_t i = 0; i < with_.clients; ++i) {
            const std::size_t home = i % with_.hubs;
            const bool is_sluggish = i % 10 == 0;
            const std::vector<std::uint32_t> topics =
                is_sluggish ? all_topics() : some_topics(random);
            if (i % 5 == 4) {
                library_.add(home, topics);
                continue;
            }
            model::raw_client& made = clients_.emplace_back(town_, home, topics, with_.seed + i);
            if (is_sluggish) {
                made.be_sluggish();
            }
            town_.on_cut([&made] { made.cut(); });
        }
    }

    static std::vector<std::uint32_t> some_topics(model::dice& random) {
        std::vector<std::uint32_t> topics;
        for (std::uint32_t left = 1 + random(3); left > 0; --left) {
            const std::uint32_t topic = random(model::topics_published);
            if (std::ranges::find(topics, topic) == topics.end()) {
                topics.push_back(topic);
            }
        }
        return topics;
    }

    static std::vector<std::uint32_t> all_topics() {
        std::vector<std::uint32_t> topics(model::topics_published);
        std::iota(topics.begin(), topics.end(), 0U);
        return topics;
    }

    std::string file(const std::string& name) const {
        return with_.folder.empty() ? folder_.file(name.c_str()) : with_.folder + '/' + name;
    }

    std::vector<std::string> command(std::size_t number) const {
        std::string journal = engine_ ? engine_->journal_of(number) : with_.journal;
        if (journal == "sqlite") {
            const std::string kind = with_.broken.empty() ? journal : with_.broken;
            journal = kind + ':' + file("events" + std::to_string(number));
        }
        const std::string all = std::to_string(model::whole_history);
        return {with_.hub, "--port", "0", "--heartbeat", "2", "--journal", journal, "--history",
            std::to_string(with_.history), "--history-bytes", all, "--history-age", all};
    }

    void wait() const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{with_.seconds};
        while (std::chrono::steady_clock::now() < end && !town_.is_given_up &&
               (with_.events == 0 || town_.acknowledged < with_.events)) {
            std::this_thread::sleep_for(10ms);
        }
    }

    /// Publishes an end to each topic, and more, until all who read have come so far.
    void come_to_the_end() {
        publish_ends();
        town_.is_over = true;
        std::thread going_on{[this] {
            const auto latest = std::chrono::steady_clock::now() + 60s;
            while (!is_read_ && !town_.is_given_up) {
                for (std::uint32_t topic = 0; topic < model::topics_published; ++topic) {
                    for (std::size_t home = 0; home < ends(); ++home) {
                        publishers_.back().insist(home, topic);
                    }
                }
                std::this_thread::sleep_for(200ms);
                if (std::chrono::steady_clock::now() > latest) {
                    town_.is_given_up = true;
                }
            }
        }};
        for (std::thread& each : threads_) {
            each.join();
        }
        is_read_ = true;
        going_on.join();
        for (model::raw_client& each : clients_) {
            seen_.push_back(each.take_all());
        }
        for (model::reader& each : library_.readers()) {
            seen_.push_back(each.take_all());
        }
    }

    std::size_t ends() const { return with_.is_shared() ? 1 : with_.hubs; }

    void publish_ends() {
        for (std::size_t home = 0; home < ends(); ++home) {
            for (std::uint32_t topic = 0; topic < model::topics_published; ++topic) {
                town_.set_end(home, topic, publishers_.back().insist(home, topic));
            }
        }
    }

    /// After one more crash all is there that was ever acknowledged, without a gap.
    void read_all_again() {
        const std::vector<std::uint32_t> topics = all_topics();
        for (model::hub& each : hubs_) {
            each.restart();
        }
        for (std::size_t home = 0; home < ends(); ++home) {
            const crier::event_id end = town_.end_of(home, topics);
            model::raw_client all{town_, home, topics, with_.seed};
            all.begin_after({end.epoch, 0});
            all.run();
            seen_.push_back(all.take_all());
        }
    }

    std::size_t report() {
        model::ledger all;
        std::uint32_t number = 0;
        for (const model::publisher& each : publishers_) {
            all.add(number++, each.notes());
        }
        for (const model::sightings& each : seen_) {
            all.add(each);
        }
        std::size_t violations = tell("", all.complaints());
        for (const model::publisher& each : publishers_) {
            violations += tell("a publisher: ", each.complaints());
        }
        model::disturbances done;
        for (const model::hub& each : hubs_) {
            violations += tell("", each.complaints());
            done.add(each.done());
        }
        if (engine_) {
            violations += tell("", engine_->complaints());
            done.add(engine_->done());
        }
        violations += tell_findings(all);
        std::cout << done.total() << " disturbances: " << done.text() << "; " << violations
                  << " violations" << std::endl;
        return violations;
    }

    std::size_t tell_findings(const model::ledger& all) {
        model::finding sum;
        std::size_t violations = 0;
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const model::finding one = check(seen_[i], all, with_);
            const std::string who = "client " + std::to_string(i) + ": ";
            violations += tell(who, seen_[i].complaints) + tell(who, one.violations);
            for (const std::string& line : one.history) {
                std::cout << "    " << line << '\n';
            }
            sum.received += one.received;
            sum.gaps += one.gaps;
            sum.in_gaps += one.in_gaps;
        }
        std::cout << town_.acknowledged << " events acknowledged, " << all.size()
                  << " published in " << all.epochs() << " epochs, " << sum.received
                  << " received over " << town_.connections << " connections, " << sum.in_gaps
                  << " missing in " << sum.gaps << " gaps\n";
        if (sum.received == 0) {
            throw std::runtime_error{"nothing was received\n"};
        }
        return violations;
    }

    /// The first of them.
    static std::size_t tell(const std::string& who, const std::vector<std::string>& violations) {
        constexpr std::size_t few = 5;
        for (std::size_t i = 0; i < std::min(few, violations.size()); ++i) {
            std::cout << who << violations[i] << '\n';
        }
        return violations.size();
    }

    const crier::test::temporary_directory folder_;
    model::town town_;
    const model::settings& with_;
    std::list<model::publisher> publishers_; ///< the last publishes the ends
    std::list<model::raw_client> clients_;
    model::library_clients library_{town_};
    std::vector<std::thread> threads_;
    std::optional<model::engine> engine_;
    std::list<model::hub> hubs_;
    std::atomic<bool> is_read_{false};
    std::vector<model::sightings> seen_;
};

} // namespace

int main(int argc, char** argv) try {
    model::settings with = model::settings_from(argc, argv);
    const bool expected = with.broken.empty();
    std::cout << "seed " << with.seed << std::endl;
    const bool kept = run{with}.go() == 0;
    if (kept != expected) {
        std::cout << (expected ? "the contract is broken: seed " + std::to_string(with.seed)
                               : "what is broken was not found")
                  << std::endl;
    }
    return kept == expected ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << error.what();
    return 2;
}
