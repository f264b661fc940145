#include "pubsub/memberships.hpp"

#include "support/rooms.hpp"

using crier::detail::memberships;
using crier::detail::owed_drains;
using crier::detail::topic_ptr;
using crier::test::idle_ptr;
using crier::test::rooms;

TEST_CASE("who stays is numbered, and counted until it leaves, which it does once") {
    rooms all;
    const idle_ptr first = all.subscriber_of({"a"});
    const idle_ptr second = all.subscriber_of({"a", "b"});
    CHECK(first->id == 1);
    CHECK(second->id == 2);
    CHECK(all.members.subscribers() == 2);
    CHECK(all.topics.find("a")->subscribers == 2);
    CHECK(all.topics.find("a")->lanes.size() == 1);
    CHECK(all.leave(*second));
    CHECK_FALSE(all.leave(*second));
    CHECK(all.members.subscribers() == 1);
    CHECK(all.topics.find("a")->subscribers == 1);
    CHECK(all.topics.find("b") == nullptr);
    CHECK(all.leave(*first));
    CHECK(all.topics.find("a") == nullptr);
}

TEST_CASE("who does not stay has left again all that it had entered") {
    rooms all;
    const idle_ptr other = all.subscriber_of({"a"});
    const idle_ptr gone = all.subscriber_of({"a", "b"}, false);
    CHECK(gone->id == 0);
    CHECK_FALSE(all.leave(*gone));
    CHECK(all.members.subscribers() == 1);
    CHECK(all.topics.find("a")->subscribers == 1);
    CHECK(all.topics.find("b") == nullptr);
    CHECK(all.leave(*other));
}

TEST_CASE("who joins stands in the lanes once its shard has done it") {
    rooms all;
    const idle_ptr who = all.subscriber_of({"a", "b"});
    who->joined = 7;
    {
        owed_drains owed;
        memberships::join(all.on, *who, owed);
        CHECK(all.topics.find("b")->last_join == 7);
        CHECK_FALSE(who->memberships.front().is_linked());
    }
    all.test.run();
    for (const auto& each : who->memberships) {
        CHECK(each.is_linked());
    }
    CHECK(all.leave(*who));
}

TEST_CASE("who leaves after a topic has retired does not bring it back") {
    rooms all;
    const idle_ptr who = all.subscriber_of({"a"});
    const topic_ptr ended = all.topics.find("a");
    all.topics.retire(*ended);
    CHECK(all.leave(*who));
    CHECK(ended->subscribers == 0);
    CHECK(all.topics.find("a") == nullptr);
    CHECK(all.topics.next_review() == crier::clock::time_point::max());
}
