#include "http/framing.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <utility>
#include <vector>

using crier::request_head;
using crier::detail::framing;
using crier::detail::read_framing;

namespace {

framing framing_of(std::vector<std::pair<std::string_view, std::string_view>> fields) {
    fields.emplace_back("Host", "a");
    framing read;
    const request_head head{.method = "POST", .target = "/", .fields = std::move(fields)};
    CHECK_FALSE(read_framing(head, read));
    return read;
}

} // namespace

TEST_CASE("without a length there is no body") {
    CHECK_FALSE(framing_of({}).has_body());
    CHECK_FALSE(framing_of({{"Content-Length", "0"}}).has_body());
}

TEST_CASE("a length is read with all its digits") {
    CHECK(framing_of({{"content-length", "5"}}).length == 5);
    CHECK(framing_of({{"Content-Length", "0018"}}).length == 18);
    CHECK(framing_of({{"Content-Length", "1234567890123456789"}}).length == 1234567890123456789);
    CHECK(framing_of({{"Content-Length", "5"}}).has_body());
}

TEST_CASE(
    "a client is told to continue where it waits with a body, and no other expectation is met") {
    CHECK(framing_of({{"expect", "100-Continue"}, {"Content-Length", "5"}}).expects_continue);
    CHECK(framing_of({{"Expect", "100-continue"}, {"Transfer-Encoding", "chunked"}})
            .expects_continue);
    CHECK_FALSE(framing_of({{"Expect", "100-continue"}}).expects_continue);
    CHECK_FALSE(framing_of({{"Content-Length", "5"}}).expects_continue);
    for (const unsigned version : {10U, 11U}) {
        framing read;
        request_head head{.method = "POST", .target = "/", .version = version};
        head.fields = {{"Host", "a"}, {"Content-Length", "5"}, {"Expect", "100-continue"}};
        CHECK_FALSE(read_framing(head, read));
        CHECK(read.expects_continue == (version == 11));
        head.fields.back().second = "200-ok";
        CHECK(read_framing(head, read)->status == 417);
    }
}

TEST_CASE("in chunks a body has no length yet") {
    const framing chunked = framing_of({{"transfer-encoding", "Chunked"}});
    CHECK(chunked.chunked);
    CHECK(chunked.has_body());
    CHECK(chunked.length == 0);
}
