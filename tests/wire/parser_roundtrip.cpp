#include <crier/wire/encoder.hpp>
#include <crier/wire/parser.hpp>

#include "support/parsing.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using crier::test::parse;
using crier::test::parsed;
using crier::test::pieces;
using crier::test::received;

namespace {

/// Makes events and comments, and knows what a reader must get of them.
class author {
public:
    explicit author(unsigned seed) : random_{seed} {}

    std::string stream;
    parsed expected;

    void write_event() {
        crier::event event;
        received& read = expected.events.emplace_back();
        write_data(event.data, read.data);
        if (pick(2) == 0) {
            event.type = text(3);
            read.type = event.type.empty() ? "message" : event.type;
        }
        if (pick(2) == 0) {
            event.id = std::string(1 + pick(20), static_cast<char>(0x21 + pick(0x5E)));
            expected.last_event_id = event.id;
        }
        if (pick(4) == 0) {
            event.retry = std::chrono::milliseconds{random_() >> 1};
            read.retry = event.retry;
            expected.retry = event.retry;
        }
        read.id = expected.last_event_id;
        stream += crier::encode(event).value();
    }

    void write_comment() {
        const std::string comment = text(4);
        stream += crier::encode_comment(comment).value();
        expected.comments.push_back(comment.empty() ? "" : " " + comment);
    }

    unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

    /// Cuts the stream at random, most often into small pieces.
    pieces cut() {
        pieces result;
        const unsigned most = 1U << pick(10);
        for (std::string_view left = stream; !left.empty();) {
            result.push_back(left.substr(0, pick(most + 1)));
            left.remove_prefix(result.back().size());
        }
        return result;
    }

private:
    std::string text(unsigned parts) {
        constexpr std::string_view choices[] = {"a", " ", ":", "data: ", "\t", "\u00E9", "\u20AC",
            "\U0001F600", "\uFEFF", "\uFFFD", "\u2028", "id", "plain text that is longer"};
        std::string result;
        for (unsigned left = pick(parts + 1); left > 0; --left) {
            result += choices[pick(std::size(choices))];
        }
        return result;
    }

    void write_data(std::string& sent, std::string& read) {
        bool after_cr = false;
        for (unsigned left = pick(5); left > 0; --left) {
            const std::string line =
                pick(50) == 0 ? std::string(pick(20'000), 'x') + text(3) : text(3);
            constexpr std::string_view ends[] = {"\r", "\r\n", "\n"};
            // CR and LF with nothing between would be one line end.
            const std::string_view end = ends[pick(after_cr && line.empty() ? 2 : 3)];
            sent.append(line).append(end);
            read.append(line).append("\n");
            after_cr = end == "\r";
        }
        const std::string line = text(3);
        sent += line;
        read += line;
    }

    std::mt19937 random_;
};

} // namespace

TEST_CASE("what the encoder writes is read back equal in any split") {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        author author{seed};
        for (int i = 0; i < 40; ++i) {
            if (author.pick(5) == 0) {
                author.write_comment();
            } else {
                author.write_event();
            }
        }
        CHECK(parse({author.stream}) == author.expected);
        CHECK(crier::test::reference(author.stream) == author.expected);
        for (int split = 0; split < 5; ++split) {
            CHECK(parse(author.cut()) == author.expected);
        }
    }
}
