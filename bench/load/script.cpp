#include "load/script.hpp"

#include "common/payload.hpp"

#include <initializer_list>
#include <sstream>

namespace bench::load {
namespace {

std::string events(std::initializer_list<std::uint64_t> numbers) {
    std::string all;
    for (const std::uint64_t number : numbers) {
        all += event_text(number);
    }
    return all;
}

/// Each in a chunk.
std::string chunked_events(std::initializer_list<std::uint64_t> numbers) {
    std::string all{chunked_head};
    for (const std::uint64_t number : numbers) {
        all += chunk(event_text(number));
    }
    return all;
}

/// Chunks of so many bytes, wherever that cuts the text.
std::string in_chunks(std::string_view text, std::size_t size) {
    std::string all{chunked_head};
    for (std::size_t i = 0; i < text.size(); i += size) {
        all += chunk(text.substr(i, size));
    }
    return all + "0\r\n\r\n";
}

std::string extended_chunk() {
    std::string text = chunk(event_text(1));
    text.insert(text.find('\r'), ";name=value");
    return "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING:   Chunked\r\n\r\n00" + text;
}

/// What is no event, and what is one written in another way.
std::string odd_text() {
    return ":\n\n: a comment with data: n=7 t=7\n\nretry: 10\nunknown: field\nalone\n\n" +
           event_text(0) + "id: no.data\n\n:\n\n" + event_text(1, 20'000) +
           "event: message\r\ndata:n=2 t=1\r\ndata: n=9 t=9\r\nid:odd.2\r\n\r\n" +
           "data: n=three\n\ndata\n\n";
}

std::string gap_text() {
    return event_text(0) + "event: crier.gap\ndata: {\"missed\":3}\n\n" +
           "event: crier.gap.other\ndata: {}\n\n" + event_text(1);
}

std::vector<script> framing() {
    const std::string plain = events({0, 1, 2, 3, 4, 5, 6, 7});
    return {
        {"chunked", chunked_events({0, 1, 2}) + "0\r\n\r\n", {.deliveries = 3}, "k.2"},
        {"unchunked", std::string{unchunked_head} + plain, {.deliveries = 8}, "k.7"},
        {"left open", chunked_events({0, 1}), {.deliveries = 2}, "k.1", false},
        {"ended, not closed", in_chunks(plain, 400), {.deliveries = 8}, "k.7", true, false, true},
        {"in chunks of 7", in_chunks(plain, 7), {.deliveries = 8}, "k.7"},
        {"byte by byte, chunked", in_chunks(plain, 100), {.deliveries = 8}, "k.7", true, true},
        {"byte by byte", std::string{unchunked_head} + events({4, 5}), {.deliveries = 2}, "k.5",
            true, true},
        {"chunk extension, capitals", extended_chunk(), {.deliveries = 1}, "k.1"},
        {"cut in an event", chunked_events({0, 1}) + "90\r\ndata: n=2 t=1", {.deliveries = 2},
            "k.1"},
        {"cut in the head", "HTTP/1.1 200 OK\r\nContent-", {}, ""},
        {"no chunk", chunked_events({0}) + "zz\r\n" + event_text(1), {.deliveries = 1}, "k.0"},
        {"chunk too short", chunked_events({0}) + "2\r\n:\n\n" + event_text(1), {.deliveries = 1},
            "k.0"},
        {"not found", "HTTP/1.1 404 Not Found\r\n\r\n" + event_text(0), {}, ""},
        {"no HTTP", event_text(0), {}, ""},
    };
}

std::vector<script> numbering() {
    const std::string odd = odd_text();
    return {
        {"no loss after the first", chunked_events({900, 901}), {.deliveries = 2}, "k.901"},
        {"loss", chunked_events({0, 1, 4, 5, 9}), {.deliveries = 5, .lost = 5}, "k.9"},
        {"long loss", chunked_events({0, 1'000'000}), {.deliveries = 2, .lost = 999'999},
            "k.1000000"},
        {"duplicate", chunked_events({3, 4, 4, 3, 5}), {.deliveries = 3, .duplicates = 2}, "k.5"},
        {"reordered", chunked_events({0, 3, 1, 4, 1}),
            {.deliveries = 4, .lost = 1, .duplicates = 1, .reordered = 1}, "k.1"},
        {"gap", in_chunks(gap_text(), 50), {.deliveries = 2, .gaps = 1, .unnumbered = 1}, "k.1"},
        {"odd fields", std::string{unchunked_head} + odd, {.deliveries = 3, .unnumbered = 1},
            "odd.2"},
        {"odd fields in chunks", in_chunks(odd, 11), {.deliveries = 3, .unnumbered = 1}, "odd.2"},
    };
}

} // namespace

std::string event_text(std::uint64_t number, std::size_t padding) {
    return "data: n=" + std::to_string(number) + " t=" + std::to_string(monotonic_now()) + ' ' +
           std::string(padding, 'x') + "\nid: k." + std::to_string(number) + "\n\n";
}

std::string chunk(std::string_view text) {
    std::ostringstream size;
    size << std::hex << text.size();
    return size.str() + "\r\n" + std::string{text} + "\r\n";
}

std::vector<script> all_scripts() {
    std::vector<script> all = framing();
    for (script& next : numbering()) {
        all.push_back(std::move(next));
    }
    return all;
}

} // namespace bench::load
