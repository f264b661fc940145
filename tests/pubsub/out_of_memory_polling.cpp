// Whatever allocation fails as a topic's polling is asked for, begins, takes its turn or ends: the
// topic is polled as long as it has subscribers, as soon as there is memory, and not longer.

#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/on_demand.hpp>

#include "support/context.hpp"
#include "support/sweep.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

using crier::manager;
using crier::subscription;
using crier::test::context;
using crier::test::failing;
using crier::test::failing_part;
using crier::test::run_on;
using crier::test::sweep;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// A source whose beginnings and ends are counted. Nothing in here allocates but Asio.
struct source {
    context& test;
    crier::clock::duration fetch_time{};
    int fetches = 0;
    int begins = 0;
    int ends = 0;
    bool runs = false;
    crier::publisher* target = nullptr;

    asio::awaitable<boost::json::value> fetch() {
        runs = true;
        const int number = ++fetches;
        if (fetch_time > 0s) {
            crier::timer until{test.io, fetch_time};
            co_await until.async_wait(asio::use_awaitable);
        }
        co_return number;
    }

    asio::awaitable<void> begin(crier::publisher& to) {
        runs = true;
        ++begins;
        target = &to;
        co_return;
    }

    asio::awaitable<void> end() {
        runs = false;
        ++ends;
        target = nullptr;
        co_return;
    }

    std::shared_ptr<crier::polling_service> polling() {
        return crier::polling(
            [this] { return fetch(); }, {.interval = 1s, .on_stop = [this] { return end(); }});
    }

    std::shared_ptr<crier::polling_service> on_demand() {
        return crier::on_demand(
            {.on_first_subscriber = [this](crier::publisher& to) { return begin(to); },
                .on_last_subscriber = [this] { return end(); }});
    }
};

/// A topic with a service, and what its one subscriber is told.
struct polled_topic {
    context test;
    source from{test};
    int told = 0; ///< lines of the log that say of something that it was not done
    std::shared_ptr<crier::polling_service> service;
    std::optional<manager> events;
    std::optional<subscription> one;

    explicit polled_topic(crier::clock::duration fetch_time = {}) : from{test, fetch_time} {
        events.emplace(test.io.get_executor(),
            crier::manager_options{.log = [this](crier::severity level, std::string_view) {
                told += level >= crier::severity::warning ? 1 : 0;
            }});
    }

    void subscribe() { one.emplace(events->subscribe(asked())); }

    std::vector<crier::topic_options> asked() const {
        return {crier::topic_options{.name = "t", .polling = service}};
    }

    void pass(int seconds) {
        for (int i = 0; i < seconds; ++i) {
            test.pass(1s);
            run_on(test.io);
        }
    }

    /// How many events the subscriber has got.
    int read() {
        int got = 0;
        while (one->try_receive()) {
            ++got;
        }
        return got;
    }

    /// There is memory again.
    void goes_on() {
        pass(2);
        CHECK(from.runs);
        read();
        const int before = from.fetches;
        pass(3);
        const bool is_polled = from.fetches > 0;
        if (from.target != nullptr) {
            from.target->publish(1);
            run_on(test.io);
        }
        CHECK(read() == (is_polled ? 3 : 1));
        CHECK(from.fetches - before == (is_polled ? 3 : 0));
        events->publish("t", "later");
        run_on(test.io);
        CHECK(read() == 1);
    }

    void ends() {
        one.reset();
        pass(2);
        is_over();
    }

    void is_over() {
        CHECK_FALSE(from.runs);
        const int before = from.fetches + from.begins;
        pass(3);
        CHECK(from.fetches + from.begins == before);
        CHECK(events->stats().topics.empty());
        test.run();
        CHECK_MESSAGE(test.io.stopped(), "something is left running");
    }
};

using make_service = std::shared_ptr<crier::polling_service> (source::*)();

void sweep_start(make_service make) {
    const long swept = sweep([make](failing_part& part) {
        polled_topic all;
        all.service = (all.from.*make)();
        all.subscribe();
        part([&] { run_on(all.test.io); });
        const bool begun = all.from.runs;
        CHECK((begun || all.told > 0 || all.read() > 0));
        all.goes_on();
        all.ends();
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

void sweep_stop(make_service make) {
    const long swept = sweep([make](failing_part& part) {
        polled_topic all;
        all.service = (all.from.*make)();
        all.subscribe();
        all.pass(2);
        CHECK(all.from.runs);
        part([&] {
            all.one.reset();
            run_on(all.test.io);
        });
        CHECK((!all.from.runs || all.told > 0));
        all.pass(2);
        CHECK(all.from.ends >= 1);
        all.is_over();
        all.subscribe();
        all.goes_on();
        all.ends();
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

} // namespace

TEST_CASE("who cannot subscribe to a topic that is polled may subscribe again") {
    const long swept = sweep([](failing_part& part) {
        polled_topic all;
        all.service = all.from.polling();
        std::vector<crier::topic_options> asked = all.asked();
        part([&] { all.one.emplace(all.events->subscribe(std::move(asked))); });
        run_on(all.test.io);
        // It may have begun with the subscriber that came no further, and has ended with it.
        CHECK(all.from.runs == all.one.has_value());
        if (!all.one) {
            all.subscribe();
        }
        all.goes_on();
        all.ends();
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("polling that lacks memory to begin is begun again") { sweep_start(&source::polling); }

TEST_CASE("a source on demand that lacks memory to begin is begun again") {
    sweep_start(&source::on_demand);
}

TEST_CASE("a turn of polling that lacks memory is told, and the next ones come") {
    const long swept = sweep([](failing_part& part) {
        polled_topic all;
        all.service = all.from.polling();
        all.subscribe();
        all.pass(2);
        all.read();
        all.test.pass(1s);
        part([&] { run_on(all.test.io); });
        run_on(all.test.io);
        CHECK((all.read() == 1 || all.told > 0 || all.events->stats().dropped > 0));
        all.goes_on();
        all.ends();
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

// Where a wait of the user's own coroutine finds no memory, ~awaitable_thread of Boost 1.81 posts
// by `any_io_executor`, whose function is always allocated: if that fails, too, the process ends.
// So in these two sweeps a single allocation fails.

TEST_CASE("a fetch whose wait lacks memory is told, and the next ones come") {
    const long swept = sweep(failing::once, [](failing_part& part) {
        polled_topic all{10ms};
        all.service = all.from.polling();
        all.subscribe();
        all.pass(2);
        all.read();
        all.test.pass(990ms);
        part([&] {
            run_on(all.test.io);
            all.test.pass(10ms);
            run_on(all.test.io);
        });
        all.pass(2);
        const int seen = all.read();
        CHECK((seen >= 2 || all.told > 0 || all.events->stats().dropped > 0));
        CHECK(all.from.fetches > 3);
        all.ends();
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("polling that lacks memory to end is ended later") { sweep_stop(&source::polling); }

TEST_CASE("a source on demand that lacks memory to end is ended later") {
    sweep_stop(&source::on_demand);
}

TEST_CASE("a fetch that waits is cancelled, whatever allocation fails") {
    const long swept = sweep(failing::once, [](failing_part& part) {
        polled_topic all{1h};
        all.service = all.from.polling();
        all.subscribe();
        all.pass(2);
        CHECK(all.from.runs);
        part([&] {
            all.one.reset();
            run_on(all.test.io);
        });
        all.pass(2);
        CHECK(all.from.ends >= 1);
        all.is_over();
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}
