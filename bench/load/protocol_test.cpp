#include "load/protocol_test.hpp"

#include "load/client.hpp"
#include "load/http2_frames.hpp"
#include "load/http2_input.hpp"
#include "load/script.hpp"
#include "load/test_server.hpp"
#include "load/test_tls.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bench::load {
namespace {

/// A table of no size, `:status: 200`.
constexpr std::string_view ok_head = "\x20\x88";

std::string frame(frame_type type, std::uint8_t flags, std::uint32_t id, std::string_view payload) {
    std::string text;
    append_frame(text, type, flags, id, payload);
    return text;
}

/// Two streams with two events each, one of them in two frames and one padded, and what needs an
/// answer. The second ends.
std::string two_streams() {
    const std::string event = event_text(1);
    return frame(frame_type::settings, 0, 0, {}) +
           frame(frame_type::headers, frame_flag::end_headers, 1, ok_head) +
           frame(frame_type::headers, frame_flag::end_headers, 3, ok_head) +
           frame(frame_type::data, 0, 1, event_text(0)) +
           frame(frame_type::ping, 0, 0, "12345678") +
           frame(frame_type::data, 0, 3, event_text(0)) +
           frame(frame_type::data, 0, 1, event.substr(0, 20)) +
           frame(frame_type::data, frame_flag::padded, 3, "\x03" + event + "xxx") +
           frame(frame_type::data, 0, 1, event.substr(20)) +
           frame(frame_type::data, frame_flag::end_stream, 3, {});
}

/// What was found, in words.
std::string found_in(std::string_view text, std::size_t cut) {
    using kind = http2_input::kind;
    http2_input reading;
    std::string words;
    for (std::string_view part : {text.substr(0, cut), text.substr(cut)}) {
        for (auto found = reading.next(part); found.is != kind::none; found = reading.next(part)) {
            words += found.is == kind::head ? "head" + std::to_string(found.status) : "";
            words += found.is == kind::broken ? "broken" : "";
            // Wherever a body is cut, it is the same for each stream.
            words += found.is == kind::body && found.stream == 0 ? found.text : "";
            words += found.is_last ? "last" : "";
            if (found.is == kind::broken) {
                return words;
            }
        }
    }
    return words + reading.take_answers();
}

void check_frames(checks& check) {
    const std::string text = two_streams();
    const std::string whole = found_in(text, 0);
    const std::string answers = frame(frame_type::settings, frame_flag::ack, 0, {}) +
                                frame(frame_type::ping, frame_flag::ack, 0, "12345678");
    check.is(whole.ends_with(answers), "HTTP/2, what is answered");
    check.is(whole.starts_with("head200head200data: n=0"), "HTTP/2, what comes first");
    bool same = true;
    for (std::size_t i = 0; i <= text.size() && same; ++i) {
        same = found_in(text, i) == whole;
    }
    check.is(same, "HTTP/2, cut in two anywhere");
    check.equal("HTTP/2, not found",
        found_in(frame(frame_type::headers, frame_flag::end_headers, 1, "\x8d"), 0), "head404");
    check.equal("HTTP/2, another status",
        found_in(frame(frame_type::headers, frame_flag::end_headers, 1,
                     "\x08\x03"
                     "503"),
            0),
        "head0");
    check.equal("HTTP/2, too large",
        found_in(frame(frame_type::data, 0, 1, std::string(20'000, 'x')), 0), "broken");
}

void check_client(checks& check, const std::string& name, const options& chosen,
    const meter::counts& wanted, std::uint32_t closed, std::uint32_t resumed) {
    constexpr std::uint64_t patience = 10'000'000'000;
    meter counting{chosen.streams, 1};
    client reading{chosen, counting};
    reading.open(chosen.streams);
    reading.run(monotonic_now() + patience, [&] {
        return reading.closed() >= closed && counting.counted().deliveries >= wanted.deliveries;
    });
    check.equal(name + ", deliveries", counting.counted().deliveries, wanted.deliveries);
    check.equal(name + ", lost", counting.counted().lost, wanted.lost);
    check.equal(name + ", opened", reading.opened(), chosen.streams);
    check.equal(name + ", closed", reading.closed(), closed);
    check.equal(name + ", resumed", reading.resumed(), resumed);
    if (!chosen.sessions_to.empty()) {
        reading.write_sessions(chosen.sessions_to);
    }
}

void check_http2(checks& check) {
    const test_server server{1, [](const auto& accepted) {
                                 accepted.front().send(two_streams());
                                 accepted.front().wait_for_end();
                             }};
    options chosen;
    chosen.port = server.port();
    chosen.streams = 2;
    chosen.http2 = true;
    chosen.streams_per_connection = 2;
    check_client(check, "HTTP/2", chosen, {.deliveries = 4}, 1, 0);
}

void check_tls(checks& check) {
    const std::string file = "sessions-" + std::to_string(::getpid());
    const test_tls encrypting;
    options chosen;
    chosen.streams = 1;
    chosen.tls = true;
    chosen.sessions_to = file;
    for (const std::uint32_t resumed : {0U, 1U}) {
        const test_server server{1,
            [&](const auto& accepted) {
                encrypting.serve(accepted.front(), chunked_head, chunk(event_text(0)));
            },
            false};
        chosen.port = server.port();
        check_client(check, "TLS", chosen, {.deliveries = 1}, 1, resumed);
        chosen.sessions = file;
    }
    std::filesystem::remove(file);
}

} // namespace

void check_protocols(checks& check) {
    check_frames(check);
    check_http2(check);
    check_tls(check);
}

} // namespace bench::load
