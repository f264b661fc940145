#include "pubsub/inbox.hpp"

#include "pubsub/topic.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using crier::detail::delivery;
using crier::detail::inbox;
using crier::detail::lane;
using crier::detail::memory_account;
using crier::detail::memory_account_ptr;
using crier::detail::shard;
using crier::detail::task;
using crier::detail::topic;
using crier::detail::topic_ptr;
using lane_ptr = boost::intrusive_ptr<lane>;
using texts = std::vector<std::string>;

namespace {

const memory_account_ptr account{new memory_account};

lane_ptr a_lane(const std::string& name) {
    lane_ptr made{new lane};
    made->of = topic_ptr{new topic{name, {}, 0, 1, account}};
    return made;
}

delivery& event(const lane_ptr& in, std::uint64_t number, std::uint64_t only_since = 0) {
    auto* const made = new delivery{account};
    intrusive_ptr_add_ref(static_cast<crier::detail::entry*>(made));
    made->content = *crier::make_frame(crier::event{.data = "x"});
    made->in = in;
    made->id = {1, number};
    made->last = number;
    made->only_since = only_since;
    return *made;
}

bool deny(inbox& by, const lane_ptr& in, std::uint64_t number, std::uint64_t only_since = 0) {
    delivery& denied = event(in, number, only_since);
    denied.deny();
    return by.deny(denied);
}

/// Anything else.
struct other final : task {
    void run(shard& /*on*/) noexcept override {}
    void release() noexcept override { delete this; }
};

std::string text_of(const task& each) {
    const auto* const came = dynamic_cast<const delivery*>(&each);
    if (came == nullptr) {
        return "other";
    }
    const std::string text = came->in->of->name + " " + std::to_string(came->id.sequence);
    const std::string since =
        came->only_since > 0 ? " since " + std::to_string(came->only_since) : "";
    return came->is_denied() ? text + "-" + std::to_string(came->last) + "(" +
                                   std::to_string(came->count) + ")" + since
                             : text;
}

/// What a drain finds: events "topic number", denied ones "topic first-last(count)".
texts drain(inbox& from) {
    crier::detail::task_list taken;
    from.take(taken);
    texts result;
    for (const task& each : taken) {
        result.push_back(text_of(each));
    }
    release_all(taken);
    return result;
}

} // namespace

TEST_CASE("what comes first after a drain owes the next one") {
    inbox in;
    const auto a = a_lane("a");
    CHECK(in.push(event(a, 1)));
    CHECK_FALSE(in.push(event(a, 2)));
    CHECK_FALSE(deny(in, a, 3));
    CHECK(drain(in) == texts{"a 1", "a 2", "a 3-3(1)"});
    CHECK(deny(in, a, 4));
    CHECK_FALSE(in.push(event(a, 5)));

    in.forgive_drain();
    CHECK(in.push(event(a, 6)));
    CHECK(drain(in) == texts{"a 4-4(1)", "a 5", "a 6"});
}

TEST_CASE("denied events of a topic are one item, also between those of other topics") {
    inbox in;
    const auto a = a_lane("a");
    const auto b = a_lane("b");
    CHECK(deny(in, a, 1));
    CHECK_FALSE(deny(in, b, 2));
    CHECK_FALSE(deny(in, a, 3));
    CHECK_FALSE(deny(in, b, 5));
    CHECK(drain(in) == texts{"a 1-3(2)", "b 2-5(2)"});

    CHECK(deny(in, a, 6));
    CHECK(drain(in) == texts{"a 6-6(1)"});
}

TEST_CASE("whatever comes in between parts denied events") {
    inbox in;
    const auto a = a_lane("a");
    const auto b = a_lane("b");
    CHECK(deny(in, a, 1));
    CHECK_FALSE(in.push(event(b, 2)));
    CHECK_FALSE(deny(in, a, 3));
    CHECK_FALSE(in.push(*new other));
    CHECK_FALSE(deny(in, a, 4));
    CHECK_FALSE(deny(in, a, 5));
    CHECK(drain(in) == texts{"a 1-1(1)", "b 2", "a 3-3(1)", "other", "a 4-5(2)"});
}

TEST_CASE("what only newcomers miss is not added to what all miss") {
    inbox in;
    const auto a = a_lane("a");
    CHECK(deny(in, a, 1));
    CHECK_FALSE(deny(in, a, 2, 1));
    CHECK_FALSE(deny(in, a, 3, 1));
    CHECK_FALSE(deny(in, a, 4));
    CHECK_FALSE(deny(in, a, 5));
    CHECK(drain(in) == texts{"a 1-1(1)", "a 2-2(1) since 1", "a 3-3(1) since 1", "a 4-5(2)"});
}

TEST_CASE("where a round is not waited for, all that is older is denied") {
    inbox in;
    const auto a = a_lane("a");
    const auto b = a_lane("b");
    CHECK(in.push(event(a, 1)));
    CHECK_FALSE(in.push(event(b, 2)));
    CHECK_FALSE(deny(in, a, 3));
    CHECK_FALSE(in.push(*new other));
    CHECK_FALSE(in.push(event(a, 4)));
    CHECK_FALSE(in.push(event(a, 5, 4)));
    CHECK_FALSE(in.push(event(a, 6)));
    CHECK_FALSE(deny(in, a, 7));
    in.deny_older(6);
    CHECK_FALSE(deny(in, a, 8));
    CHECK_FALSE(deny(in, a, 9));
    CHECK(drain(in) == texts{"a 1-3(2)", "b 2-2(1)", "other", "a 4-4(1)", "a 5-5(1) since 4", "a 6",
                           "a 7-7(1)", "a 8-9(2)"});
}

TEST_CASE("what is denied where it waits lets go of its memory, and an inbox of all it holds") {
    const std::size_t before = account->used();
    {
        inbox in;
        const auto a = a_lane("a");
        const std::size_t with_lane = account->used();
        for (std::uint64_t number = 1; number <= 100; ++number) {
            CHECK(in.push(event(a, number)) == (number == 1));
        }
        CHECK(account->used() >= with_lane + 100 * sizeof(delivery));
        in.deny_older(101);
        CHECK(account->used() < with_lane + 2 * sizeof(delivery));
    }
    CHECK(account->used() == before);
}
