#include <crier/wire/encoder.hpp>
#include <crier/wire/errc.hpp>

#include "support/event_reader.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using crier::encode;
using crier::encode_comment;
using crier::errc;
using crier::event;
using crier::test::event_reader;
using namespace std::chrono_literals;

namespace {

/// What a reader must give back for the data: every line end is one LF.
std::string with_line_feeds(const std::string& data) {
    std::string result;
    for (std::size_t i = 0; i < data.size(); ++i) {
        const bool pair = data[i] == '\r' && i + 1 < data.size() && data[i + 1] == '\n';
        result += data[i] == '\r' ? '\n' : data[i];
        i += pair ? 1 : 0;
    }
    return result;
}

/// One equal event is read back, or the encoder refused; tells which.
bool arrives(const event& sent) {
    const auto block = encode(sent);
    if (!block) {
        return false;
    }
    const event_reader reader{*block};
    REQUIRE(reader.events.size() == 1);
    CHECK(reader.events[0].type == (sent.type.empty() ? "message" : sent.type));
    CHECK(reader.events[0].data == with_line_feeds(sent.data));
    CHECK(reader.events[0].id == sent.id);
    CHECK(reader.retry == (sent.retry ? sent.retry->count() : -1));
    CHECK(reader.comments.empty());
    return true;
}

} // namespace

TEST_CASE("an event's fields stand in the order event, retry, data, id") {
    const event full{.type = "moved", .data = "one\ntwo", .id = "k3.9", .retry = 700ms};
    CHECK(*encode(full) == "event: moved\nretry: 700\ndata: one\ndata: two\nid: k3.9\n\n");
}

TEST_CASE("an event without any field still is one event") {
    CHECK(*encode(event{}) == "data: \n\n");
    CHECK(arrives(event{}));
}

TEST_CASE("data is split at CRLF, CR and LF") {
    CHECK(*encode(event{.data = "a\r\nb\rc\nd\n\re\r"}) ==
          "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\ndata: \n\n");
}

TEST_CASE("leading spaces and colons of data arrive") {
    CHECK(arrives(event{.data = "  two spaces"}));
    CHECK(arrives(event{.data = ":not a comment"}));
    CHECK(arrives(event{.type = " spaced", .data = "data: x"}));
}

TEST_CASE("every byte value in every field is read back equal or refused") {
    for (int value = 0; value < 256; ++value) {
        CAPTURE(value);
        const auto byte = static_cast<char>(value);
        const std::string text = std::string{"a"} + byte + "b";
        const bool line_end_or_nul = byte == '\r' || byte == '\n' || byte == '\0';
        const bool ascii = value < 0x80;
        CHECK(arrives(event{.data = text}) == ascii);
        CHECK(arrives(event{.data = std::string(1, byte)}) == ascii);
        CHECK(arrives(event{.type = text}) == (ascii && !line_end_or_nul));
        CHECK(arrives(event{.type = std::string(1, byte)}) == (ascii && !line_end_or_nul));
        CHECK(arrives(event{.id = text}) == (value >= 0x21 && value <= 0x7E));
        CHECK(arrives(event{.id = std::string(1, byte)}) == (value >= 0x21 && value <= 0x7E));
    }
}

TEST_CASE("random events are read back equal or refused") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
    constexpr std::string_view pieces[] = {"\r", "\n", "\r\n", ":", " ", "data:", "x", "\u00e9",
        "\u20ac", "\U0001F600", "\xff", "\xc3", "id: 1", "plain text that is longer", "\t"};
    const auto text = [&] {
        std::string result;
        for (unsigned left = pick(6); left > 0; --left) {
            result += pieces[pick(std::size(pieces))];
        }
        return result;
    };
    int arrived = 0;
    for (int round = 0; round < 20'000; ++round) {
        event sent{.data = text()};
        if (pick(2) == 0) {
            sent.type = text();
        }
        if (pick(2) == 0) {
            sent.id = std::string(pick(4), static_cast<char>(0x1F + pick(0x62)));
        }
        if (pick(2) == 0) {
            sent.retry = std::chrono::milliseconds{random()} - 1'000'000s;
        }
        arrived += arrives(sent) ? 1 : 0;
    }
    CHECK(arrived > 1'000);
}

TEST_CASE("an id of 128 bytes is sent, one of 129 is refused") {
    CHECK(arrives(event{.id = std::string(128, 'i')}));
    CHECK(encode(event{.id = std::string(129, 'i')}).error() == errc::invalid_id);
}

TEST_CASE("retry is whole milliseconds from 0 to below 2^31") {
    CHECK(arrives(event{.retry = 0ms}));
    CHECK(arrives(event{.retry = 2'147'483'647ms}));
    CHECK(encode(event{.retry = 2'147'483'648ms}).error() == errc::invalid_retry);
    CHECK(encode(event{.retry = -1ms}).error() == errc::invalid_retry);
}

TEST_CASE("each refusal names its field") {
    CHECK(encode(event{.type = "a\rb"}).error() == errc::invalid_type);
    CHECK(encode(event{.type = "a\nb"}).error() == errc::invalid_type);
    CHECK(encode(event{.type = std::string{"a\0b", 3}}).error() == errc::invalid_type);
    CHECK(encode(event{.type = "\xff"}).error() == errc::invalid_utf8);
    CHECK(encode(event{.data = "\xff"}).error() == errc::invalid_utf8);
    CHECK(encode(event{.id = "a b"}).error() == errc::invalid_id);
}

TEST_CASE("each line of a comment stands after a colon") {
    CHECK(*encode_comment("") == ":\n\n");
    CHECK(*encode_comment("ping") == ": ping\n\n");
    CHECK(*encode_comment("a\r\nb\rc", crier::comment_end::line_feed) == ": a\n: b\n: c\n");
    CHECK(*encode_comment("", crier::comment_end::line_feed) == ":\n");
    CHECK(encode_comment("\xc3").error() == errc::invalid_utf8);
}

TEST_CASE("a comment is no event, whatever it holds") {
    const event_reader reader{*encode_comment("x\ndata: y\n\nid: 3\r\n")};
    CHECK(reader.events.empty());
    CHECK(reader.comments.size() == 5);
}
