#include <crier/wire/parser.hpp>

#include "measurement.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace {

/// As much as a socket is usually asked for.
constexpr std::size_t read_size = std::size_t{16} * 1024;
constexpr std::size_t stream_size = std::size_t{1024} * 1024;

/// Repeats what `block` makes of a number until a stream is full.
template <class Block>
std::string stream_of(Block block) {
    std::string stream;
    for (int number = 1'000'000; stream.size() < stream_size; ++number) {
        stream += block(std::to_string(number));
    }
    return stream;
}

std::string event(const std::string& id, const std::string& data, const std::string& end = "\n") {
    return "id: " + id + end + "data: " + data + end + end;
}

/// Fills the event up to its size, here and below with what a small JSON document looks like.
std::string sized_event(const std::string& id, std::size_t size) {
    constexpr std::string_view text = R"({"name":"sensor","value":23.5,"unit":"C"})";
    std::string data;
    const std::size_t full = size - event(id, "").size();
    while (data.size() < full) {
        data += text.substr(0, full - data.size());
    }
    return event(id, data);
}

const std::string& small_events() {
    static const std::string stream =
        stream_of([](const std::string& id) { return sized_event(id, 100); });
    return stream;
}

void parse(benchmark::State& state, const std::string& stream) {
    std::size_t expected = 0;
    std::size_t events = 0;
    crier::parser parser;
    {
        const crier::bench::measurement measured{state};
        for ([[maybe_unused]] auto _ : state) {
            events = 0;
            for (std::string_view left = stream; !left.empty();) {
                std::string_view input = left.substr(0, read_size);
                left.remove_prefix(input.size());
                while (const auto event = parser.next(input).value()) {
                    benchmark::DoNotOptimize(event->data.data());
                    ++events;
                }
            }
            expected = expected == 0 ? events : expected;
        }
    }
    if (events == 0 || events != expected) {
        state.SkipWithError("not all events were read");
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
    state.counters["events"] = static_cast<double>(events);
}

void parse_100_byte_events(benchmark::State& state) { parse(state, small_events()); }

/// What no parser can do without: to look for the line ends.
void memchr_100_byte_events(benchmark::State& state) {
    const std::string& stream = small_events();
    {
        const crier::bench::measurement measured{state};
        for ([[maybe_unused]] auto _ : state) {
            std::size_t lines = 0;
            const char* at = stream.data();
            const char* const end = at + stream.size();
            while (const void* const found =
                       std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
                at = static_cast<const char*>(found) + 1;
                ++lines;
            }
            benchmark::DoNotOptimize(lines);
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}

void parse_64_kb_events(benchmark::State& state) {
    static const std::string stream =
        stream_of([](const std::string& id) { return sized_event(id, std::size_t{64} * 1024); });
    parse(state, stream);
}

void parse_crlf(benchmark::State& state) {
    static const std::string stream =
        stream_of([](const std::string& id) { return event(id, std::string(73, 'x'), "\r\n"); });
    parse(state, stream);
}

void parse_comments(benchmark::State& state) {
    static const std::string stream = stream_of([](const std::string& id) {
        return ": a comment\n:\n\n: another comment that is longer than the event\n\n" +
               event(id, "x");
    });
    parse(state, stream);
}

void parse_non_ascii(benchmark::State& state) {
    static const std::string stream = stream_of([](const std::string& id) {
        std::string text;
        for (int i = 0; i < 4; ++i) {
            text += "\u00fcber \u4e2d\u6587 \U0001F600 ";
        }
        return event(id, text);
    });
    parse(state, stream);
}

} // namespace

BENCHMARK(parse_100_byte_events);
BENCHMARK(memchr_100_byte_events);
BENCHMARK(parse_64_kb_events);
BENCHMARK(parse_crlf);
BENCHMARK(parse_comments);
BENCHMARK(parse_non_ascii);
