#include "support/parsing.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using crier::test::in_pieces;
using crier::test::parse;
using crier::test::received;

namespace {

constexpr std::size_t mib = 1024 * 1024;

} // namespace

TEST_CASE("lines of data past every buffer arrive whole in every split") {
    // Sequences of each length lie at each place around the sizes where buffers change.
    std::string text = "\u00E9\u20AC\U0001F600\xE2\x82\xF0\x9F\x98x";
    while (text.size() < 70'000) {
        text += text.substr(0, 19'997);
    }
    const std::string bom = "\xEF\xBB\xBF";
    for (const std::string before :
        {"data:", "data: ", "data: 1\ndata: ", "event: t\nid: 7\ndata:  "}) {
        for (const std::string& stream :
            {before + text + "\n\n", bom + before + text + "\rdata: 2\r\r",
                before + text + "\r\ndata:" + text + "\r\n\r\ndata: 3\n\n"}) {
            const auto expected = crier::test::reference(stream);
            CHECK(!expected.events.empty());
            for (const std::size_t size :
                {std::size_t{1}, std::size_t{3}, std::size_t{1000}, std::size_t{16'383},
                    std::size_t{16'384}, std::size_t{16'391}, stream.size()}) {
                CAPTURE(size);
                CHECK((parse(in_pieces(stream, size)) == expected));
            }
        }
    }
}

TEST_CASE("long lines of other kinds are read as short ones are") {
    const std::string text(40'000, 'x');
    const std::string invalid = text + "\xE2\x82" + text;
    for (const std::string& line :
        {":" + invalid, "id: " + invalid, "event: " + invalid, "foo: " + text, "data" + text,
            "date: " + text, "retry: " + std::string(40'000, '0') + "7", text}) {
        for (const std::string before : {"", "\xEF\xBB\xBF"}) {
            const std::string stream = before + line + "\ndata: 1\n" + line + "\r\n\r\ndata: 2\n\n";
            CAPTURE(line.substr(0, 8));
            const auto expected = crier::test::reference(stream);
            CHECK(expected.events.size() == 2);
            for (const std::size_t size :
                {std::size_t{1}, std::size_t{1000}, std::size_t{16'384}, stream.size()}) {
                CAPTURE(size);
                CHECK((parse(in_pieces(stream, size)) == expected));
            }
        }
    }
}

TEST_CASE("a message of 7 MB comes in one piece and one of 14 MB in two") {
    const std::string large(7 * mib, 'x');
    const std::string stream = "data: " + large + "\n\n";
    CHECK((parse({stream}, 8 * mib).events == std::vector<received>{{.data = large}}));
    const auto two = parse({"data: " + large, large + "\n\n"}, 16 * mib);
    CHECK((two.events == std::vector<received>{{.data = large + large}}));
}

TEST_CASE("a line may end at each place around the sizes where buffers change") {
    constexpr std::size_t buffer = std::size_t{8} * 1024;
    const std::string bom = "\xEF\xBB\xBF";
    for (const std::string& start : {std::string{"data:"}, std::string{":"}, bom + "data: ",
             bom + ":", std::string{"id:"}, std::string{"event:"}, std::string{"foo:"}}) {
        for (const std::string part : {"x", "\xFF", "\u20AC", "\xF0\x9F\x98"}) {
            for (const std::size_t change : {buffer, 2 * buffer}) {
                for (std::size_t size = change - 6; size <= change + 6; ++size) {
                    CAPTURE(start);
                    CAPTURE(part);
                    CAPTURE(size);
                    std::string stream = start;
                    while (stream.size() < size) {
                        stream += part;
                    }
                    stream.resize(size);
                    stream += "\ndata: 1\n\n";
                    const auto expected = crier::test::reference(stream);
                    CHECK((parse({stream}) == expected));
                    CHECK((parse(in_pieces(stream, 1)) == expected));
                    CHECK((parse(in_pieces(stream, 1000)) == expected));
                }
            }
        }
    }
}
