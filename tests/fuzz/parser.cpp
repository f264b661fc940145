#include "input.hpp"
#include "support/parsing.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <iterator>

using crier::test::parse;
using crier::test::parsed;

namespace {

constexpr std::size_t limits[] = {100'000, 64, 300, 9'000, 12'000, 15'000, 8'192, 0};

/// What a parser gives that has read some of the stream before.
parsed parse_after_restart(std::string_view stream, std::size_t limit) {
    crier::parser_options options;
    options.limit = limit;
    options.on_comment = [](std::string_view) {}; // what is told has to fit as well
    crier::parser parser{options};
    parsed result;
    feed(parser, stream.substr(0, stream.size() / 2), result.events);
    parser.restart();
    parser.set_last_event_id("");
    result.events.clear();
    result.error = feed(parser, stream, result.events);
    result.last_event_id = parser.last_event_id();
    return result;
}

void require(bool holds, const char* what, const parsed& one, const parsed& other) {
    if (!holds) {
        std::cerr << "not so: " << what << "\none:" << one << "other:" << other << std::flush;
        std::abort();
    }
}

template <class List>
bool starts_with(const List& list, const List& start) {
    return start.size() <= list.size() && std::equal(start.begin(), start.end(), list.begin());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::size_t limit = limits[bytes[0] % std::size(limits)];
    const std::string stream =
        crier::fuzz::stretched({reinterpret_cast<const char*>(bytes) + 2, size - 2}, 18'000);

    const parsed whole = parse({stream}, limit);
    const parsed random_pieces = parse(crier::fuzz::cut(stream, bytes[1]), limit);
    require(random_pieces == whole, "random pieces give the same", random_pieces, whole);
    const parsed small_pieces =
        parse(crier::test::in_pieces(stream, stream.size() < 3000 ? 1 : 499), limit);
    require(small_pieces == whole, "small pieces give the same", small_pieces, whole);

    const parsed again = parse_after_restart(stream, limit);
    require(again.events == whole.events && again.error == whole.error &&
                again.last_event_id == whole.last_event_id,
        "a restart leaves nothing behind", again, whole);

    const parsed expected = crier::test::reference(stream);
    if (whole.error) {
        require(starts_with(expected.events, whole.events) &&
                    starts_with(expected.comments, whole.comments),
            "what was given before an error is right", whole, expected);
        // Invalid bytes count three times, and once more while they are read.
        require(
            4 * stream.size() + 1 > limit, "a short stream is within the limit", whole, expected);
    } else {
        require(whole == expected, "the standard's steps give the same", whole, expected);
    }
    return 0;
}
