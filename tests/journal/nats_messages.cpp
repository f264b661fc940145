#include "journal/nats_messages.hpp"

#include <crier/wire/encoder.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using crier::journal_action;
using crier::journal_entry;
using crier::journal_record;
using crier::detail::is_nats_block;
using crier::detail::nats_kept_at;
using crier::detail::nats_message_id;
using crier::detail::nats_message_of;
using crier::detail::nats_numbers_of;
using crier::detail::nats_own_id_of;
using crier::detail::nats_received;
using crier::detail::nats_record_of;
using namespace std::string_view_literals;

namespace {

constexpr std::chrono::system_clock::time_point noon{std::chrono::hours{12}};

/// Without it, libnats cannot destroy messages.
const natsStatus opened = nats_Open(-1);

nats_received sent(const journal_entry& entry) {
    return nats_received{nats_message_of(entry, "s.e.a", "", "ab-1").release()};
}

journal_entry block(std::string_view text) {
    journal_entry made;
    made.text = text;
    return made;
}

nats_received foreign(std::string_view payload) {
    natsMsg* made = nullptr;
    natsMsg_Create(&made, "s.e.a", nullptr, payload.data(), static_cast<int>(payload.size()));
    return nats_received{made};
}

std::optional<journal_record> read(const nats_received& from) {
    return nats_record_of(from, 7, noon);
}

} // namespace

TEST_CASE("a message gives the entry that it was made of") {
    const auto all = "k \r\n\0%\xff"sv;
    const auto text = crier::encode(crier::event{.type = "t", .data = "a\nb", .id = "x%1"});
    journal_entry entry = block(text.value());
    entry.key = all;
    entry.own_id = "x%1";
    entry.only_changes = true;
    const auto message = sent(entry);
    REQUIRE(opened == NATS_OK);
    CHECK(nats_message_id(message) == "ab-1");
    CHECK(nats_own_id_of(message) == "x%1");
    const auto record = read(message);
    REQUIRE(record);
    CHECK(record->sequence == 7);
    CHECK(record->at == noon);
    CHECK(record->key == all);
    CHECK(record->text == *text);
    CHECK(record->has_own_id);
    CHECK(record->only_changes);
    CHECK(record->action == journal_action::publish);
}

TEST_CASE("what an entry does not have, its message does not have") {
    const auto record = read(sent(block("data: x\n\n")));
    REQUIRE(record);
    CHECK(record->key.empty());
    CHECK(!record->has_own_id);
    CHECK(!record->only_changes);
    CHECK(nats_own_id_of(sent(block("data: x\n\n"))).empty());
}

TEST_CASE("actions are told apart") {
    for (const auto action :
        {journal_action::end_streams, journal_action::close, journal_action::forget}) {
        journal_entry entry;
        entry.key = "k";
        entry.action = action;
        const auto record = read(sent(entry));
        REQUIRE(record);
        CHECK(record->action == action);
        CHECK(record->key == "k");
        CHECK(record->text.empty());
        entry.text = "data: x\n\n";
        CHECK(!read(sent(entry)));
    }
}

TEST_CASE("a message of any other publisher is an event with its payload as data") {
    const auto record = read(foreign("a\r\nb"));
    REQUIRE(record);
    CHECK(record->text == "data: a\ndata: b\n\n");
    CHECK(!record->has_own_id);
    CHECK(read(foreign(""))->text == "data: \n\n");
    CHECK(!read(foreign("\xff")));
}

TEST_CASE("a message of an unknown version, or with a bad header, is none") {
    const auto changed = [](const char* header, const char* value) {
        auto message = nats_message_of(block("data: x\n\n"), "s.e.a", "", "1");
        natsMsgHeader_Set(message.get(), header, value);
        return read(nats_received{message.release()});
    };
    CHECK(changed("Other", "2"));
    CHECK(!changed("Crier", "2"));
    CHECK(!changed("Crier-Key", "%4"));
    CHECK(!changed("Crier-Id", "%"));
    CHECK(!changed("Crier-Id", "a"));
    CHECK(!changed("Crier-Action", "jump"));
}

TEST_CASE("a block is lines of fields and one blank line at the end") {
    for (const auto text :
        {"data: x\n\n"sv, "event: a\nretry: 1\ndata: \n\n"sv, "data: \xC3\xA4\n\n"sv}) {
        CAPTURE(text);
        CHECK(is_nats_block(text, ""));
    }
    for (const auto text : {""sv, "\n"sv, "\n\n"sv, "data: x"sv, "data: x\n"sv, "data: x\n\n\n"sv,
             "\ndata: x\n\n"sv, "data: x\n\ndata: y\n\n"sv, "data: x\r\n\n"sv,
             "data: x\rid: 1\n\n"sv, "data: \0\n\n"sv, "data: \xff\n\n"sv, ": x\n\n"sv,
             "data\n\n"sv, "other: x\n\n"sv, "data:x\n\n"sv, "data: x\nid: 1\n\n"sv}) {
        CAPTURE(text);
        CHECK_FALSE(is_nats_block(text, ""));
    }
}

TEST_CASE("a block has the publisher's own id, and no other") {
    CHECK(is_nats_block("data: x\nid: 1\n\n", "1"));
    for (const char* text : {"data: x\n\n", "data: x\nid: 2\n\n", "data: x\nid: 1\nid: 1\n\n",
             "data: x\nid: \n\n", "data: x\nid: 11\n\n"}) {
        CAPTURE(text);
        CHECK_FALSE(is_nats_block(text, "1"));
    }
}

TEST_CASE("the server's numbers are read from what it sends to followers") {
    const auto with = [](const char* sequence, const char* last) {
        natsMsg* made = nullptr;
        natsMsg_Create(&made, "s.live.a", nullptr, "", 0);
        natsMsgHeader_Set(made, "Nats-Sequence", sequence);
        natsMsgHeader_Set(made, "Nats-Last-Sequence", last);
        return nats_numbers_of(nats_received{made});
    };
    const auto numbers = with("12", "9");
    REQUIRE(numbers);
    CHECK(numbers->sequence == 12);
    CHECK(numbers->last == 9);
    CHECK(!with("", "9"));
    CHECK(!with("-1", "9"));
    CHECK(!with("12", "9x"));
    CHECK(!nats_numbers_of(foreign("x")));
}

TEST_CASE("what a consumer says of a message stands in its reply") {
    for (const char* reply :
        {"$JS.ACK.s.c.1.42.1.43200000000000.3", "$JS.ACK.hub.hash.s.c.1.42.1.43200000000000.3",
            "$JS.ACK._.hash.s.c.1.42.1.43200000000000.3.token"}) {
        CAPTURE(reply);
        const auto kept = nats_kept_at(reply);
        REQUIRE(kept);
        CHECK(kept->sequence == 42);
        CHECK(kept->at == noon);
        CHECK(kept->pending == 3);
    }
    for (const char* reply : {"", "in.1", "$JS.ACK.s.c.1.42.1.43200000000000",
             "$JS.ACK.s.c.1.x.1.43200000000000.3", "$JS.ACK.a.s.c.1.42.1.43200000000000.3"}) {
        CAPTURE(reply);
        CHECK(!nats_kept_at(reply));
    }
}
