// Whatever allocation fails as somebody subscribes, reads back or receives: nobody else notices,
// and another attempt goes on from where the one before was.

#include "support/kept_topics.hpp"

#include <boost/system/errc.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using boost::system::error_code;
using crier::frame;
using crier::subscribe_options;
using crier::subscription;
using crier::test::all_kinds;
using crier::test::failing_part;
using crier::test::publish_all;
using crier::test::reader;
using crier::test::sweep;
using crier::test::world;

namespace {

using topics = std::vector<std::size_t>;

/// Subscribes in the failing part, and again where that failed.
reader& subscribe(
    world& all, failing_part& part, const topics& to, const subscribe_options& options) {
    std::optional<subscription> made;
    auto asked = world::asked(to);
    const auto before = all.events.stats();
    const bool is_done =
        part([&] { made.emplace(all.events.subscribe(std::move(asked), options)); });
    all.run();
    CHECK(made.has_value() == is_done);
    CHECK(all.events.stats().subscribers == before.subscribers + (is_done ? 1 : 0));
    if (!is_done) {
        CHECK(all.events.stats().topics.size() == before.topics.size());
        CHECK(all.events.stats().resumed == before.resumed);
        CHECK(all.events.stats().gaps == before.gaps);
        made.emplace(all.events.subscribe(world::asked(to), options));
    }
    return all.keep(std::move(*made), to, options);
}

} // namespace

TEST_CASE("who cannot subscribe leaves nothing behind and may subscribe again") {
    long swept = 0;
    for (const bool is_elsewhere : {false, true}) {
        swept += sweep([&](failing_part& part) {
            world all{all_kinds()};
            all.subscribe({0, 4});
            subscribe_options options;
            if (is_elsewhere) {
                options.executor = all.other.get_executor();
            }
            subscribe(all, part, {0, 1, 5, 6}, options);
            all.go_on({0, 1, 4, 5, 6});
        });
    }
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("who subscribes gets what is retained") {
    const long swept = sweep([&](failing_part& part) {
        world all{all_kinds()};
        publish_all(all.book);
        publish_all(all.book);
        reader& newest = subscribe(all, part, {2, 3}, {});
        newest.retained = std::exchange(newest.since, 0);
        all.go_on({2, 3});
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("who resumes gets what came after its last event") {
    long swept = 0;
    for (const bool is_own : {false, true}) {
        swept += sweep([&](failing_part& part) {
            world all{all_kinds()};
            all.subscribe({0});
            publish_all(all.book);
            publish_all(all.book);
            // The last one that the client has: one of the topic's own ids, or one of the
            // manager's.
            const std::size_t last = is_own ? 9 : 5;
            const std::string id = is_own ? "own-id-10" : all.book.cursor(last);
            reader& back = subscribe(all, part, {1, 3}, {.last_event_id = id});
            back.since = all.book.sequence(last);
            all.go_on({0, 1, 3});
        });
    }
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("who resumes after what is not kept any more is told of a gap") {
    long swept = 0;
    for (const bool is_foreign : {false, true}) {
        swept += sweep([&](failing_part& part) {
            world all{all_kinds()};
            all.subscribe({0});
            publish_all(all.book);
            const std::string id = is_foreign ? "zzz.1" : all.book.cursor(0);
            reader& back = subscribe(all, part, {0, 1}, {.last_event_id = id});
            back.since = is_foreign ? 0 : all.book.sequence(0);
            all.go_on({0, 1});
        });
    }
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("what is read back piece by piece is read once") {
    const long swept = sweep([&](failing_part& part) {
        world all{all_kinds()};
        for (int i = 0; i < 4; ++i) {
            publish_all(all.book);
        }
        reader& back = all.subscribe({1, 3},
            {.queue = crier::queue_limits{.events = 8}, .last_event_id = all.book.cursor(0)});
        back.since = all.book.sequence(0);
        part([&] { all.read(); });
        publish_all(all.book);
        all.go_on({1, 3});
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("what goes while it is read back is told as a gap") {
    const long swept = sweep([&](failing_part& part) {
        crier::manager_options options;
        options.rules.push_back({.matches = crier::exactly("t1"), .history = {.events = 10}});
        world all{options};
        all.subscribe({0});
        for (int i = 0; i < 10; ++i) {
            all.book.publish(1);
        }
        reader& back = all.subscribe(
            {1}, {.queue = crier::queue_limits{.events = 4}, .last_event_id = all.book.cursor(0)});
        back.since = all.book.sequence(0);
        back.from.try_receive().value();
        back.since = all.book.sequence(1);
        for (int i = 0; i < 20; ++i) {
            all.book.publish(1);
        }
        part([&] { all.read(); });
        all.go_on({0, 1});
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("who receives is told that there is no memory, and gets the event later") {
    const long swept = sweep([&](failing_part& part) {
        world all{all_kinds()};
        // On a context of its own: where a strand goes on with what was posted to it meanwhile,
        // Asio allocates in a destructor.
        reader& one = all.subscribe({0, 1},
            {.executor = all.other.get_executor(), .queue = crier::queue_limits{.events = 8}});
        std::optional<error_code> failed;
        const auto receive = [&] {
            one.from.async_receive([&](error_code error, const frame& next) {
                if (error) {
                    failed = error;
                } else {
                    one.frames.push_back(next);
                }
            });
        };
        part([&] {
            receive();
            all.run();
            for (int i = 0; i < 12; ++i) {
                all.book.publish(0);
            }
            all.run();
            for (int i = 0; i < 6 && !failed; ++i) {
                receive();
                all.run();
            }
        });
        all.run();
        if (failed) {
            CHECK(*failed == boost::system::errc::not_enough_memory);
        }
        all.go_on({0, 1});
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}
