#include "common/payload.hpp"
#include "journal/commands.hpp"

#include <nats/nats.h>

#include <atomic>
#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench::journals {
namespace {

struct asking {
    std::string url;
    std::string stream;
    bool makes_stream = false;
    unsigned topics = 64;
    unsigned pending = 64; ///< events under way, in all
    double warmup = 0.5;
    double seconds = 5;
    std::size_t size = 128;
};

void check(natsStatus status) {
    if (status != NATS_OK) {
        throw std::runtime_error{natsStatus_GetText(status)};
    }
}

using connection = std::unique_ptr<natsConnection, decltype(&natsConnection_Destroy)>;
using context = std::unique_ptr<jsCtx, decltype(&jsCtx_Destroy)>;

connection connect(const std::string& url) {
    natsConnection* made = nullptr;
    check(natsConnection_ConnectTo(&made, url.c_str()));
    return {made, &natsConnection_Destroy};
}

/// What was acknowledged within the time that counts; told by a thread of libnats.
struct tally {
    std::uint64_t begin;
    std::uint64_t end;
    std::atomic<std::uint64_t> acknowledged{0};
    std::atomic<std::uint64_t> refused{0};

    static void add(jsCtx*, natsMsg* of, jsPubAck* is_kept, jsPubAckErr*, void* to) {
        auto& counted = *static_cast<tally*>(to);
        const std::uint64_t now = monotonic_now();
        if (now >= counted.begin && now <= counted.end) {
            ++(is_kept != nullptr ? counted.acknowledged : counted.refused);
        }
        natsMsg_Destroy(of);
    }
};

context open(natsConnection* over, unsigned pending, tally& counted) {
    jsOptions options;
    check(jsOptions_Init(&options));
    constexpr std::int64_t longest_ms = 10'000;
    options.PublishAsync.MaxPending = pending;
    options.PublishAsync.StallWait = longest_ms;
    options.PublishAsync.AckHandler = &tally::add;
    options.PublishAsync.AckHandlerClosure = &counted;
    jsCtx* made = nullptr;
    check(natsConnection_JetStream(&made, over, &options));
    return {made, &jsCtx_Destroy};
}

/// A stream that keeps what it is sent, and nothing else.
void make_stream(jsCtx* in, const std::string& name) {
    const std::string all = name + ".e.>";
    const char* subjects[] = {all.c_str()};
    jsStreamConfig config;
    check(jsStreamConfig_Init(&config));
    config.Name = name.c_str();
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.MaxMsgsPerSubject = 1000;
    check(js_AddStream(nullptr, in, &config, nullptr, nullptr));
}

void publish(jsCtx* to, const asking& asked, std::uint64_t end) {
    payload text{asked.size};
    for (std::uint64_t number = 0; monotonic_now() < end; ++number) {
        const std::string subject = asked.stream + ".e." + std::to_string(number % asked.topics);
        const std::string_view data = text.text(number, monotonic_now());
        natsMsg* made = nullptr;
        check(natsMsg_Create(
            &made, subject.c_str(), nullptr, data.data(), static_cast<int>(data.size())));
        const natsStatus status = js_PublishMsgAsync(to, &made, nullptr);
        natsMsg_Destroy(made); // none, if it was taken
        check(status);
    }
    check(js_PublishAsyncComplete(to, nullptr));
}

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

void measure(const asking& asked) {
    const connection over = connect(asked.url);
    const std::uint64_t begin = monotonic_now() + nanoseconds(asked.warmup);
    tally counted{.begin = begin, .end = begin + nanoseconds(asked.seconds)};
    const context in = open(over.get(), asked.pending, counted);
    if (asked.makes_stream) {
        make_stream(in.get(), asked.stream);
    }
    publish(in.get(), asked, counted.end);
    std::cout << R"({"acknowledged": )" << counted.acknowledged << R"(, "refused": )"
              << counted.refused << R"(, "per_second": )"
              << static_cast<double>(counted.acknowledged) / asked.seconds << "}\n";
}

} // namespace

command libnats_command(CLI::App& app) {
    const auto asked = std::make_shared<asking>();
    CLI::App* words = app.add_subcommand("libnats", "what libnats acknowledges by itself");
    words->add_option("--url", asked->url, "the server")->required();
    words->add_option("--stream", asked->stream, "the stream to publish to")->required();
    words->add_flag("--make", asked->makes_stream, "make the stream first, a plain one");
    words->add_option("--topics", asked->topics, "subjects STREAM.e.0 and so on");
    words->add_option("--pending", asked->pending, "events under way, in all");
    words->add_option("--warmup", asked->warmup, "time before");
    words->add_option("--seconds", asked->seconds, "time to measure");
    words->add_option("--size", asked->size, "bytes of an event's text");
    return {words, [asked] { measure(*asked); }};
}

} // namespace bench::journals
