#include "journal/nats_acknowledgements.hpp"

#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <thread>

using crier::detail::nats_acknowledgements;
using crier::detail::nats_answer;
using crier::detail::nats_answer_of;
using crier::detail::nats_received;
using namespace std::chrono_literals;

namespace {

nats_answer answer_to(const char* payload) {
    REQUIRE(nats_Open(-1) == NATS_OK); // messages need its memory
    natsMsg* made = nullptr;
    REQUIRE(natsMsg_Create(&made, "inbox.1", nullptr, payload,
                static_cast<int>(std::string_view{payload}.size())) == NATS_OK);
    return nats_answer_of(nats_received{made});
}

} // namespace

TEST_CASE("an acknowledgement has the number, a duplicate's the first one") {
    CHECK(answer_to(R"({"stream":"hub", "seq":17})").sequence == 17);
    CHECK(answer_to(R"({"stream":"hub", "seq":17,"duplicate": true})").sequence == 17);
    CHECK(answer_to(R"({"seq":18,"stream":"hub"})").sequence == 18);
}

TEST_CASE("an acknowledgement that is none, or refuses, has an error") {
    CHECK(answer_to("").error == crier::errc::journal_unusable);
    CHECK(answer_to(R"({"stream":"hub", "seq":0})").error == crier::errc::journal_unusable);
    CHECK(answer_to(R"({"error":{"code":503,"err_code":10008}})").error ==
          crier::errc::journal_unavailable);
}

TEST_CASE("what is answered is under way no more, and keeps the time when it was first sent") {
    nats_acknowledgements sent;
    const auto now = nats_acknowledgements::clock::now();
    sent.note_newest(4);
    sent.send(1, 100, now);
    sent.send(2, 100, now);
    CHECK(!sent.wait({1, 100}, 0ms));
    sent.answered(1, {5, {}});
    CHECK(sent.wait({1, 100}, 0ms));
    CHECK(sent.answer(1)->sequence == 5);
    CHECK(!sent.answer(2));
    sent.send(2, 100, now + 5s);
    CHECK(sent.first_sent(2)->at == now);
    CHECK(sent.first_sent(2)->newest == 4);
    sent.answered(2, {6, {}});
    sent.answered(2, {7, {}});
    CHECK(sent.answer(2)->sequence == 6);
    CHECK(sent.wait({}, 0ms));
    CHECK(sent.progress() == 2);
}

TEST_CASE("an answer that comes after the connection was lost is taken") {
    nats_acknowledgements sent;
    sent.send(1, 100, {});
    sent.lose_connection();
    CHECK(sent.wait({}, 0ms));
    sent.answered(1, {5, {}});
    CHECK(sent.answer(1)->sequence == 5);
    CHECK(sent.wait({}, 0ms));
}

TEST_CASE("an answer that nobody waits for any more is passed over") {
    nats_acknowledgements sent;
    sent.send(1, 100, {});
    sent.send(2, 100, {});
    sent.keep_only(std::array<std::uint64_t, 2>{2, 3});
    sent.answered(1, {5, {}});
    CHECK(!sent.answer(1));
    CHECK(!sent.first_sent(1));
    CHECK(sent.first_sent(2));
    sent.settle(2);
    CHECK(!sent.first_sent(2));
    CHECK(sent.wait({}, 0ms));
}

TEST_CASE("who waits is woken by the last answer") {
    nats_acknowledgements sent;
    sent.send(1, 100, {});
    std::thread answering{[&sent] { sent.answered(1, {5, {}}); }};
    CHECK(sent.wait({}, 10s));
    answering.join();
}
