#include "journal/nats_tokens.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace crier::detail;

TEST_CASE("letters, digits, '-' and '_' of a topic stay, and all other bytes are escaped") {
    CHECK(nats_token_of("News_2-b") == "News_2-b");
    CHECK(nats_token_of("a.b c") == "a=2Eb=20c");
    CHECK(nats_token_of("*>=") == "=2A=3E=3D");
    CHECK(nats_token_of("\xC3\xA9") == "=C3=A9");
    CHECK(nats_token_of(std::string("\0\n", 2)) == "=00=0A");
    CHECK(nats_token_of("") == "=");
}

TEST_CASE("a token gives back the topic that it was made of") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    for (const std::string& topic : {std::string{}, std::string{"news"}, std::string{"="}, all}) {
        CHECK(nats_topic_of(nats_token_of(topic)) == topic);
    }
}

TEST_CASE("a token that no topic makes has none") {
    for (const char* token : {"", "a.b", "a=", "a=2", "=2e", "=GG", "=41", "==", "a*", "=2E="}) {
        CAPTURE(token);
        CHECK(!nats_topic_of(token));
    }
}

TEST_CASE("a stream's name is made of letters, digits, '-' and '_'") {
    CHECK(is_nats_name("My-stream_1"));
    CHECK(is_nats_name(std::string(64, 'a')));
    for (const std::string& name : {std::string{}, std::string{"a.b"}, std::string{"a b"},
             std::string{"a*"}, std::string{"\xC3\xA9"}, std::string(65, 'a')}) {
        CAPTURE(name);
        CHECK(!is_nats_name(name));
    }
}

TEST_CASE("events are kept and sent under subjects of the stream's name") {
    CHECK(nats_kept_subject("hub", "a/b") == "hub.e.a=2Fb");
    CHECK(nats_live_subject("hub", "") == "hub.live.=");
}
