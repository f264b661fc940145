#pragma once

#include "http2_peer.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

/// What a client may try with HTTP/2. Each has to end its connection.
struct http2_attack {
    std::string_view name;
    std::function<void(http2_peer&)> run;
    /// What the client is told. None: it floods the server, and may not get to read that.
    std::uint32_t error = NGHTTP2_NO_ERROR;
};

/// Sends what `more` makes until the server has ended the connection, or it was enough.
inline void flood(http2_peer& by, const std::function<std::string()>& more) {
    constexpr int most = 1'000;
    bool goes_on = true;
    for (int i = 0; i < most && goes_on; ++i) {
        goes_on = by.send_bytes(more());
    }
}

inline std::string repeated(int count, std::string_view each) {
    std::string all;
    for (int i = 0; i < count; ++i) {
        all += each;
    }
    return all;
}

/// Sends requests until then, 50 at a time, and after each what `then` makes for its stream.
inline void flood_with_requests(http2_peer& by, const http2_peer::fields& asked,
    const std::function<std::string(std::uint32_t id)>& then) {
    constexpr int at_once = 50;
    flood(by, [&, id = 1U]() mutable {
        std::string all;
        for (int i = 0; i < at_once; ++i, id += 2) {
            all += http2_peer::bytes_of(NGHTTP2_HEADERS,
                http2_peer::end_headers | http2_peer::end_stream, id, by.deflated(asked));
            all += then(id);
        }
        return all;
    });
}

inline std::string http2_reset(std::uint32_t id) {
    return http2_bytes_of(NGHTTP2_RST_STREAM, 0, id, http2_number(NGHTTP2_CANCEL, 4));
}

inline std::string http2_window(std::uint32_t id, std::uint32_t by) {
    return http2_bytes_of(NGHTTP2_WINDOW_UPDATE, 0, id, http2_number(by, 4));
}

/// A request whose body is still to come.
inline void post(http2_peer& by, std::uint32_t id) {
    auto asked = http2_peer::get("/prices");
    asked[0].second = "POST";
    by.request(id, asked, http2_peer::end_headers);
}

inline http2_attack flood_of(std::string_view name, std::string frame) {
    return {name, [frame = std::move(frame)](http2_peer& by) {
                by.begin();
                flood(by, [&] { return repeated(100, frame); });
            }};
}

inline http2_attack flood_of_body(std::string_view name, std::string frame) {
    return {name, [frame = std::move(frame)](http2_peer& by) {
                by.begin();
                post(by, 1);
                flood(by, [&] { return repeated(100, frame); });
            }};
}

inline http2_attack frame_of(std::string_view name, std::string frame, std::uint32_t error) {
    return {name,
        [frame = std::move(frame)](http2_peer& by) {
            by.begin();
            by.send_bytes(frame);
        },
        error};
}

/// Those with requests.
inline std::vector<http2_attack> attacks_with_streams() {
    return {{"streams that are reset at once",
                [](http2_peer& by) {
                    by.begin();
                    flood_with_requests(by, http2_peer::get("/prices"), http2_reset);
                }},
        {"streams that the server is made to reset",
            [](http2_peer& by) {
                by.begin();
                // An increment of zero is an error of the stream.
                flood_with_requests(by, http2_peer::get("/prices"),
                    [](std::uint32_t id) { return http2_window(id, 0); });
            }},
        {"requests that are malformed",
            [](http2_peer& by) {
                by.begin();
                flood_with_requests(by, http2_peer::get("/prices", {{"Upper", "case"}}),
                    [](std::uint32_t /*id*/) { return std::string{}; });
            }},
        {"a head that never ends",
            [](http2_peer& by) {
                by.begin();
                by.request(1, http2_peer::get("/prices"), 0);
                flood(by, [] {
                    return http2_bytes_of(NGHTTP2_CONTINUATION, 0, 1, std::string(100, '\x82'));
                });
            }},
        {"a window that opens byte by byte",
            [](http2_peer& by) {
                by.begin({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}});
                by.request(1, http2_peer::get("/prices"));
                flood(by, [] { return repeated(100, http2_window(1, 1)); });
            }},
        {"a head that unfolds to megabytes",
            [](http2_peer& by) {
                // One large field enters the table, and is named again with a byte each time.
                constexpr char newest = '\xBE';
                by.begin();
                const auto bomb = http2_peer::get("/prices", {{"x", std::string(2'900, 'x')}});
                by.send(NGHTTP2_HEADERS, http2_peer::end_headers | http2_peer::end_stream, 1,
                    by.deflated(bomb) + std::string(10'000, newest));
            },
            NGHTTP2_ENHANCE_YOUR_CALM},
        {"a second head for a stream whose request is whole",
            [](http2_peer& by) {
                by.begin();
                by.request(1, http2_peer::get("/prices"));
                by.request(1, http2_peer::get("/prices"));
            },
            NGHTTP2_STREAM_CLOSED}};
}

inline std::vector<http2_attack> http2_attacks() {
    const std::string empty;
    const std::string padding = '\x03' + std::string(3, '\0');
    const std::string table_size = http2_number(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 2);
    std::vector<http2_attack> all{flood_of("settings", http2_bytes_of(NGHTTP2_SETTINGS, 0, 0)),
        flood_of("a table of heads that grows and shrinks",
            http2_bytes_of(NGHTTP2_SETTINGS, 0, 0, table_size + http2_number(0, 4)) +
                http2_bytes_of(NGHTTP2_SETTINGS, 0, 0, table_size + http2_number(4'096, 4))),
        flood_of("pings", http2_bytes_of(NGHTTP2_PING, 0, 0, std::string(8, 'x'))),
        flood_of("priorities", http2_bytes_of(NGHTTP2_PRIORITY, 0, 1, std::string(5, '\0'))),
        flood_of("updates of priorities",
            http2_bytes_of(NGHTTP2_PRIORITY_UPDATE, 0, 0, http2_number(1, 4) + "u=1")),
        flood_of("frames of a type that nobody knows", http2_bytes_of(0x42, 0, 0, "text")),
        flood_of("a window that never ends to open", http2_window(0, 1)),
        flood_of_body("empty parts of a body", http2_bytes_of(NGHTTP2_DATA, 0, 1)),
        flood_of_body("parts of a body that are padding alone",
            http2_bytes_of(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, padding)),
        frame_of(
            "a window that overflows", http2_window(0, 0x7FFF'FFFF), NGHTTP2_FLOW_CONTROL_ERROR),
        frame_of("a promise of a client",
            http2_bytes_of(NGHTTP2_PUSH_PROMISE, http2_peer::end_headers, 1, http2_number(2, 4)),
            NGHTTP2_PROTOCOL_ERROR),
        frame_of("a frame that is too large",
            http2_bytes_of(NGHTTP2_DATA, 0, 1, std::string(16'385, 'x')), NGHTTP2_FRAME_SIZE_ERROR),
        frame_of("a reset of a stream that never was", http2_reset(1), NGHTTP2_PROTOCOL_ERROR),
        frame_of("a body for a stream that never was", http2_bytes_of(NGHTTP2_DATA, 0, 1, "text"),
            NGHTTP2_PROTOCOL_ERROR),
        frame_of("a frame of settings that has a stream", http2_bytes_of(NGHTTP2_SETTINGS, 0, 1),
            NGHTTP2_PROTOCOL_ERROR)};
    for (http2_attack& each : attacks_with_streams()) {
        all.push_back(std::move(each));
    }
    return all;
}

} // namespace crier::test
