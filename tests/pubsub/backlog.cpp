#include "pubsub/backlog.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using crier::detail::backlog;
using crier::detail::coding;
using crier::detail::entry;
using crier::detail::entry_ptr;

namespace {

entry_ptr made(const std::string& data) {
    return entry_ptr{new entry{*crier::make_frame(crier::event{.data = data})}};
}

std::string gathered(const backlog& from, coding as, std::size_t most = 16) {
    std::array<boost::asio::const_buffer, 16> buffers;
    const std::size_t filled = from.gather(std::span{buffers}.first(most), as);
    std::string bytes;
    for (std::size_t i = 0; i < filled; ++i) {
        bytes.append(static_cast<const char*>(buffers[i].data()), buffers[i].size());
    }
    return bytes;
}

} // namespace

TEST_CASE("a full backlog lets the newest event go and counts it") {
    backlog pending{2};
    CHECK(pending.offer(made("1")));
    CHECK(pending.offer(made("2")));
    CHECK_FALSE(pending.offer(made("3")));
    CHECK(pending.dropped() == 1);
    CHECK(pending.size() == 2);
    CHECK(pending.front().text() == "data: 1\n\n");
    pending.pop();
    CHECK(pending.offer(made("4")));
    CHECK(gathered(pending, coding::plain) == "data: 2\n\ndata: 4\n\n");
}

TEST_CASE("gather gives the frames in the stream's coding, as many as there are buffers") {
    backlog pending{8};
    for (const char* data : {"1", "2", "3"}) {
        pending.offer(made(data));
    }
    CHECK(gathered(pending, coding::chunked, 2) == "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n");
    CHECK(gathered(pending, coding::plain) == "data: 1\n\ndata: 2\n\ndata: 3\n\n");
    CHECK(gathered(backlog{1}, coding::plain).empty());
}

TEST_CASE("however the bytes are written piece by piece, all of them are, in order") {
    for (const coding as : {coding::plain, coding::chunked}) {
        for (std::size_t step = 1; step < 60; ++step) {
            backlog pending{8};
            for (const char* data : {"one", "two and more", "3"}) {
                pending.offer(made(data));
            }
            const std::string all = gathered(pending, as);
            std::string written;
            while (!pending.empty()) {
                const std::string next = gathered(pending, as, 2).substr(0, step);
                REQUIRE_FALSE(next.empty());
                written += next;
                pending.advance(next.size(), as);
            }
            CHECK(written == all);
        }
    }
}

TEST_CASE("an event counts against the bound until it is wholly written") {
    backlog pending{1};
    pending.offer(made("1"));
    pending.advance(3, coding::plain);
    CHECK_FALSE(pending.offer(made("2")));
    pending.advance(6, coding::plain);
    CHECK(pending.offer(made("2")));
}

TEST_CASE("an entry goes with its last reader") {
    const entry_ptr shared = made("shared");
    {
        backlog first{1};
        backlog second{1};
        first.offer(shared);
        second.offer(shared);
        CHECK(shared->use_count() == 3);
        first.pop();
        CHECK(shared->use_count() == 2);
    }
    CHECK(shared->use_count() == 1);
}
