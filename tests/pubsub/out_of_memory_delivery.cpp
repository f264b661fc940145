// Whatever allocation fails as events are delivered: who cannot be given one is told of it, and the
// others get it.

#include "support/kept_topics.hpp"

#include <optional>
#include <vector>

using crier::manager_options;
using crier::overflow_policy;
using crier::queue_limits;
using crier::test::failing_part;
using crier::test::reader;
using crier::test::sweep;
using crier::test::world;

namespace {

constexpr queue_limits few(overflow_policy past) { return {.events = 12, .overflow = past}; }

constexpr overflow_policy policies[] = {overflow_policy::drop_newest, overflow_policy::drop_oldest,
    overflow_policy::conflate, overflow_policy::conflate_always, overflow_policy::signal};

} // namespace

TEST_CASE("of many subscribers, who cannot be given an event is told, and the others get it") {
    const long swept = sweep([](failing_part& part) {
        world all;
        for (int i = 0; i < 6; ++i) {
            all.subscribe({0});
            all.subscribe({0, 1}, {.executor = all.other.get_executor()});
        }
        for (int i = 0; i < 20; ++i) {
            all.book.publish(0);
            all.book.publish(1);
        }
        part([&] { all.run(); });
        all.go_on({0, 1});
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("who is full misses events by its policy, and is told") {
    for (const overflow_policy past : policies) {
        const long swept = sweep([past](failing_part& part) {
            world all;
            all.subscribe({0, 1}, {.queue = few(past)});
            all.subscribe({1, 2}, {.queue = few(past)});
            all.subscribe({0, 1, 2});
            part([&] {
                for (std::size_t i = 0; i < 40; ++i) {
                    all.book.publish(i % 3, crier::test::form::text, i % 4);
                    all.run();
                }
            });
            all.go_on({0, 1, 2});
        });
        MESSAGE("policy " << static_cast<int>(past) << ": " << swept << " allocations");
        CHECK(swept > 0);
    }
}

TEST_CASE("whose stream ends because it is full resumes after what it has got") {
    const long swept = sweep([](failing_part& part) {
        world all{crier::test::all_kinds()};
        all.subscribe({1});
        reader& first = all.subscribe({1}, {.queue = few(overflow_policy::disconnect)});
        all.book.publish(1);
        all.read();
        part([&] {
            for (int i = 0; i < 20; ++i) {
                all.book.publish(1);
                all.run();
            }
        });
        all.read();
        std::optional<boost::system::error_code> end;
        first.from.async_receive([&](auto error, const crier::frame&) { end = error; });
        all.run();
        const bool is_over = end == crier::errc::overflow;
        CHECK((is_over || part.has_failed()));
        // What it has lost without a gap is what came after the last that it has got.
        const std::size_t got = first.frames.size();
        reader whole{std::move(first.from), {1}, 0};
        whole.frames = first.frames;
        whole.until = all.book.sequence(got - 1);
        all.book.check(whole);
        all.readers.pop_back();
        reader& back = all.subscribe({1}, {.last_event_id = all.book.cursor(got - 1)});
        back.since = all.book.sequence(got - 1);
        all.read();
        all.book.is_later();
        all.book.publish(1);
        all.read();
        all.book.check(back);
        all.book.check(all.readers.front());
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("at the memory limit everybody is told of what is missed") {
    for (const overflow_policy past : policies) {
        const long swept = sweep([past](failing_part& part) {
            manager_options options = crier::test::all_kinds();
            options.memory_limit = 48 * 1024;
            world all{std::move(options)};
            const queue_limits many{.events = 1000, .bytes = 1 << 20, .overflow = past};
            all.subscribe({0, 1}, {.queue = many});
            all.subscribe({0, 3}, {.executor = all.other.get_executor(), .queue = many});
            all.book.pad(900);
            for (std::size_t i = 0; i < 30; ++i) {
                all.book.publish(i % 2 * 3, crier::test::form::text, i % 4);
            }
            all.run();
            part([&] {
                for (std::size_t i = 0; i < 30; ++i) {
                    all.book.publish(i % 2, crier::test::form::text, i % 4);
                    if (i % 4 == 0) {
                        all.run();
                    }
                }
            });
            all.book.pad(0);
            all.go_on({0, 1, 3});
        });
        MESSAGE("policy " << static_cast<int>(past) << ": " << swept << " allocations");
        CHECK(swept > 0);
    }
}
