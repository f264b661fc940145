#include <crier/wire/errc.hpp>
#include <crier/wire/parser.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::test::allocations;
using crier::test::live_bytes;
using crier::test::peak_bytes;

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = kib * kib;

/// A parser that is fed in pieces of one size, and what it takes beside the bytes it is fed with.
class measured {
public:
    explicit measured(std::size_t limit, std::size_t piece_size, bool tells_comments = false)
        : piece_size_{piece_size} {
        crier::parser_options options;
        options.limit = limit;
        if (tells_comments) {
            options.on_comment = [](std::string_view) {};
        }
        parser_ = crier::parser{options};
        before_ = live_bytes();
        crier::test::forget_peak();
    }

    /// False when there was an error.
    bool feed(std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_size_, bytes.size()))) {
            std::string_view piece = bytes.substr(0, piece_size_);
            while (true) {
                const auto next = parser_.next(piece);
                if (!next) {
                    error = next.error();
                    return false;
                }
                if (!*next) {
                    break;
                }
                ++events;
            }
        }
        return true;
    }

    std::size_t peak_growth() const { return peak_bytes() - before_; }
    std::size_t growth() const { return live_bytes() - before_; }

    int events = 0;
    boost::system::error_code error;

private:
    std::size_t piece_size_;
    crier::parser parser_;
    std::size_t before_ = 0;
};

const std::string& text() {
    static const std::string result(2 * mib, 'x');
    return result;
}

std::string_view text(std::size_t size) { return std::string_view{text()}.substr(0, size); }

const std::string& invalid_text() {
    static const std::string result(2 * mib, '\xFF');
    return result;
}

constexpr std::size_t beside = 32 * kib;
constexpr std::size_t limits[] = {4 * kib, 8 * kib + 1, 20'000, 40'000, mib};
constexpr std::size_t piece_sizes[] = {1, 1000, 16 * kib, 2 * mib};

/// Calls `use` with each limit and each size of the pieces.
template <class Use>
void for_each_limit(Use use) {
    text();
    invalid_text();
    for (const std::size_t limit : limits) {
        for (const std::size_t piece_size : piece_sizes) {
            CAPTURE(limit);
            CAPTURE(piece_size);
            use(limit, piece_size);
        }
    }
}

} // namespace

TEST_CASE("a line that never ends takes no more than the limit and 32 KB") {
    for (const std::string before :
        {"", ":", "data:", "event:", "id:", "foo:", "data: 1\ndata:", "id: 1\n\n:"}) {
        for (const bool tells_comments : {false, true}) {
            CAPTURE(before);
            for_each_limit([&](std::size_t limit, std::size_t piece_size) {
                measured parser{limit, piece_size, tells_comments};
                CHECK(parser.feed(before));
                CHECK_FALSE(parser.feed(text()));
                CHECK(parser.peak_growth() <= limit + beside);
            });
        }
    }
}

TEST_CASE("lines of data without end take no more than the limit and 32 KB") {
    for (const std::size_t size : {0U, 1U, 40U, 1000U, 7000U, 9000U}) {
        CAPTURE(size);
        const std::string line = "data:" + std::string(size, 'x') + "\n";
        for_each_limit([&](std::size_t limit, std::size_t piece_size) {
            measured parser{limit, piece_size};
            while (parser.feed(line)) {
            }
            CHECK(parser.error);
            CHECK(parser.peak_growth() <= limit + beside);
        });
    }
}

TEST_CASE("an event at the limit takes no more than that and 32 KB") {
    for_each_limit([](std::size_t limit, std::size_t piece_size) {
        measured parser{limit, piece_size};
        CHECK(parser.feed("data:"));
        CHECK(parser.feed(text(limit - 5)));
        CHECK(parser.feed("\n\n"));
        CHECK(parser.events == 1);
        CHECK(parser.peak_growth() <= limit + beside);
    });
}

TEST_CASE("a long comment within an event takes no more than the limit and 32 KB") {
    for (const std::size_t percent : {10U, 50U, 90U}) {
        for (const bool tells_comments : {false, true}) {
            for_each_limit([&](std::size_t limit, std::size_t piece_size) {
                measured parser{limit, piece_size, tells_comments};
                const std::size_t size = limit / 100 * percent;
                CHECK(parser.feed("data:"));
                CHECK(parser.feed(text(size)));
                CHECK(parser.feed("\n:"));
                CHECK(parser.feed(text(limit - size - 10)));
                CHECK(parser.feed("\n\n"));
                CHECK(parser.events == 1);
                CHECK(parser.peak_growth() <= limit + beside);
            });
        }
    }
}

TEST_CASE("what is no UTF-8 takes no more than the limit and 32 KB, though it grows") {
    for (const std::string start : {"data:", ":", "event:", "id:", "data: 1\ndata:"}) {
        CAPTURE(start);
        // A long type or id is copied from where its line is read.
        const bool copies = start == "event:" || start == "id:";
        for_each_limit([&](std::size_t limit, std::size_t piece_size) {
            for (const std::size_t part : {std::size_t{3}, std::size_t{4}, std::size_t{6}}) {
                measured parser{limit, piece_size, true};
                const std::size_t size = limit / part - 20;
                CHECK(parser.feed(start));
                const bool fed = parser.feed(std::string_view{invalid_text()}.substr(0, size)) &&
                                 parser.feed("\ndata:1\n\n");
                CHECK(parser.events == (fed ? 1 : 0));
                CHECK(parser.peak_growth() <= limit + beside + (copies ? 3 * size : 0));
            }
        });
    }
}

TEST_CASE("a steady stream of small events allocates nothing after the first ones") {
    const std::string end = "\n\n";
    for (const std::size_t size : {10U, 100U, 1000U, 4000U, 8000U}) {
        for (const std::size_t piece_size :
            {std::size_t{1}, std::size_t{100}, std::size_t{16 * kib}}) {
            CAPTURE(size);
            CAPTURE(piece_size);
            std::string stream;
            while (stream.size() < 20 * size || stream.size() < 20 * kib) {
                stream +=
                    "id: an id of its own that is long " + std::to_string(stream.size()) +
                    "\r\nevent: a type that is not so short either\n: a comment\nretry: 7\ndata: ";
                stream += std::string(size, 'x') + "\r\r";
            }
            measured parser{mib, piece_size, true};
            CHECK(parser.feed(stream));
            const long before = allocations();
            CHECK(parser.feed(stream));
            CHECK(parser.feed(stream));
            CHECK(allocations() == before);
            CHECK(parser.growth() <= beside);
            CHECK(parser.events >= 50);
        }
    }
}

TEST_CASE("the memory of a large event is given back with the next one") {
    for (const std::string start : {"data:", "event:", "id:", ":", "foo:"}) {
        CAPTURE(start);
        for_each_limit([&](std::size_t limit, std::size_t piece_size) {
            measured parser{limit, piece_size, true};
            CHECK(parser.feed(start));
            CHECK(parser.feed(text(limit / 3)));
            CHECK(parser.feed("\ndata:1\n\nid:1\ndata:2\n\ndata:3\n\n"));
            CHECK(parser.events == 3);
            CHECK(parser.peak_growth() >= std::min(limit / 3, piece_size == 1 ? limit : 0));
            CHECK(parser.growth() <= beside);
        });
    }
}
