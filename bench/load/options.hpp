#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench::load {

struct options {
    std::uint16_t port = 0;
    std::uint32_t streams = 1000;
    std::uint32_t topics = 1;
    std::uint32_t first_topic = 0;
    double seconds = 5;
    double warmup = 1;
    std::vector<int> processes;
    std::uint32_t connecting = 128;
    std::uint32_t sweep_milliseconds = 0;
    std::vector<std::uint32_t> memory_at;
    std::string last_event_id;
    bool until_event = false;
    std::optional<std::uint64_t> until_number;
    bool tell_begin = false;
    bool tls = false;
    bool http2 = false;
    std::uint32_t streams_per_connection = 1;
    std::string sessions;
    std::string sessions_to;
    bool self_test = false;

    std::uint32_t connections() const {
        return (streams + streams_per_connection - 1) / streams_per_connection;
    }

    void add_to(CLI::App& app) {
        const CLI::Range at_least_one{1U, 10'000'000U};
        const CLI::Range time{0.0, 1e6};
        app.add_option("--port", port, "the server's port on 127.0.0.1");
        app.add_option("--streams", streams, "streams to open")->check(at_least_one);
        app.add_option("--topics", topics, "stream i is /t/(i mod N)")->check(at_least_one);
        app.add_option("--first-topic", first_topic, "what is added to the topic's number");
        app.add_option("--seconds", seconds, "time to measure")->check(time);
        app.add_option("--warmup", warmup, "time before, once all streams are open")->check(time);
        app.add_option("--pid", processes, "process of the server; as often as needed")
            ->allow_extra_args(false);
        app.add_option("--connecting", connecting, "connections being opened at a time")
            ->check(at_least_one);
        app.add_option("--sweep", sweep_milliseconds,
               "milliseconds between readings of all streams, instead of waiting for each")
            ->check(CLI::Range{1U, 60'000U});
        app.add_option("--memory-at", memory_at,
               "note the server's memory when so many streams are open; as often as needed")
            ->allow_extra_args(false)
            ->check(at_least_one);
        app.add_option("--last-event-id", last_event_id, "sent as the header of that name");
        app.add_flag("--until-event", until_event, "end as soon as every stream has got an event");
        app.add_option("--until-number", until_number,
            "end as soon as every stream has got the event of this number");
        app.add_flag("--tell-begin", tell_begin,
            "say \"measuring\" as it begins to; from then on, SIGTERM ends it with what it has");
        add_protocols_to(app);
        app.add_flag("--self-test", self_test, "check the counting against known streams");
    }

private:
    void add_protocols_to(CLI::App& app) {
        const CLI::Range at_least_one{1U, 1'000'000U};
        auto* const by_tls = app.add_flag("--tls", tls, "by TLS 1.3; no certificate is verified");
        auto* const by_http2 = app.add_flag(
            "--http2", http2, "by HTTP/2, with TLS by ALPN, without it by prior knowledge");
        app.add_option("--streams-per-connection", streams_per_connection, "of HTTP/2")
            ->check(at_least_one)
            ->needs(by_http2);
        app.add_option("--sessions", sessions, "a file with sessions of TLS to resume")
            ->needs(by_tls);
        app.add_option("--sessions-to", sessions_to, "where to keep one of each connection")
            ->needs(by_tls);
    }
};

} // namespace bench::load
