// Whatever allocation fails as events are published: what is not published is told to its
// publisher, what is not received to its subscriber, and nothing else is lost.

#include "support/kept_topics.hpp"

#include <utility>

using crier::test::all_kinds;
using crier::test::failing_part;
using crier::test::form;
using crier::test::forms;
using crier::test::publish_all;
using crier::test::reader;
using crier::test::sweep;
using crier::test::world;
namespace asio = boost::asio;

TEST_CASE("as events are published, each is received or told") {
    for (const std::size_t executors : {1U, 2U}) {
        const long swept = sweep([&](failing_part& part) {
            world all{all_kinds()};
            all.subscribe({0});
            all.subscribe({0, 1, 2, 3});
            if (executors == 2) {
                all.subscribe({0, 3}, {.executor = all.other.get_executor()});
                all.subscribe({1, 2}, {.executor = asio::make_strand(all.other)});
            }
            part([&] {
                publish_all(all.book);
                all.read();
            });
            for (const form how : forms) {
                all.go_on({0, 1, 2, 3}, how);
            }
        });
        MESSAGE(executors << " executors: " << swept << " allocations");
        CHECK(swept > 0);
    }
}

TEST_CASE("as topics open by their rules, what was published is kept") {
    const long swept = sweep([&](failing_part& part) {
        world all{all_kinds()};
        part([&] { publish_all(all.book); });
        all.book.is_later();
        publish_all(all.book);
        // After the first event of all, which is in no history.
        reader& back = all.subscribe({1, 3}, {.last_event_id = all.book.cursor(0)});
        back.since = 0;
        reader& newest = all.subscribe({2, 3});
        newest.retained = std::exchange(newest.since, 0);
        all.go_on({1, 2, 3});
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("what could not be published is no repetition when it is published again") {
    const long swept = sweep([&](failing_part& part) {
        world all{all_kinds()};
        all.subscribe({0, 1});
        all.book.publish(0, form::changes);
        all.read();
        part([&] {
            all.book.publish(0, form::changes);
            all.book.publish(1, form::changes);
        });
        all.book.publish_again(0, 2, form::changes);
        all.book.publish_again(1, 3, form::changes);
        all.book.publish_again(1, 3, form::changes);
        CHECK(all.book.size() == 3);
        all.go_on({0, 1}, form::changes);
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}
