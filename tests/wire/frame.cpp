#include <crier/wire/errc.hpp>
#include <crier/wire/frame.hpp>

#include <doctest/doctest.h>

#include <charconv>
#include <string>

using crier::event;
using crier::frame;

TEST_CASE("a frame holds the encoded block as one chunk of the chunked coding") {
    for (const std::size_t size : {0U, 1U, 7U, 15U, 16U, 300U, 70'000U}) {
        CAPTURE(size);
        const event sent{.data = std::string(size, 'x')};
        const frame made = *crier::make_frame(sent);
        CHECK(made.text() == *crier::encode(sent));
        std::size_t announced = 0;
        const std::string_view chunk = made.chunk();
        const auto head = std::from_chars(chunk.data(), chunk.data() + chunk.size(), announced, 16);
        CHECK(announced == made.text().size());
        CHECK(std::string{head.ptr, chunk.data() + chunk.size()} ==
              "\r\n" + std::string{made.text()} + "\r\n");
    }
}

TEST_CASE("copies of a frame share its bytes") {
    const frame made = *crier::make_frame(event{.data = "shared"});
    const frame copy = made; // NOLINT(performance-unnecessary-copy-initialization): what is tested
    CHECK(copy.text().data() == made.text().data());
}

TEST_CASE("an empty frame has no chunk, which would end the stream") {
    CHECK(frame{}.empty());
    CHECK(frame{}.chunk().empty());
    CHECK(frame{}.text().empty());
}

TEST_CASE("a comment makes a frame") {
    const frame made = *crier::make_comment_frame("");
    CHECK(made.chunk() == "3\r\n:\n\n\r\n");
}

TEST_CASE("what cannot be encoded makes no frame") {
    CHECK(crier::make_frame(event{.data = "\xff"}).error() == crier::errc::invalid_utf8);
    CHECK(crier::make_comment_frame("\xff").error() == crier::errc::invalid_utf8);
}
