#include "async/test_clock.hpp"
#include "http2_input.hpp"
#include "http2_world.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

// A connection of HTTP/2 in memory. The input is a list of steps: what the client sends and how it
// comes in pieces, when it takes what, when the time passes, events are published and it ends.

namespace {

using crier::fuzz::choices;
using crier::fuzz::http2_world;
using crier::test::http2_bytes_of;
using crier::test::http2_number;

/// Has the client send something, and the server do something.
class player {
public:
    player(http2_world& on, choices from) : on_{on}, from_{from} {}

    void play() {
        while (has_more()) {
            on_.inside([this] { play_until_it_runs(); });
        }
    }

private:
    bool has_more() const { return played_ < most && !from_.empty(); }

    void play_until_it_runs() {
        constexpr unsigned does_not_run = 0x80;
        bool goes_on = true;
        while (goes_on && has_more()) {
            ++played_;
            const unsigned step = from_.next();
            (this->*steps[(step & ~does_not_run) % steps.size()])();
            goes_on = (step & does_not_run) != 0;
        }
    }

    // --- what the client sends ---

    void send(std::string bytes) {
        on_.send(bytes);
        last_ = std::move(bytes);
    }

    void send_bytes() {
        const unsigned size = from_.next();
        send(std::string{from_.take(size)});
    }

    void send_frame() {
        const auto type = static_cast<int>(from_.next());
        const auto flags = static_cast<int>(from_.next());
        const std::uint32_t id = from_.next();
        const unsigned size = from_.next();
        send(http2_bytes_of(type, flags, id, from_.take(size)));
    }

    void send_request() {
        const unsigned flags = from_.next();
        const std::string head = crier::fuzz::chosen_head(from_);
        id_ += 2;
        send(http2_bytes_of(
            NGHTTP2_HEADERS, static_cast<int>(flags & (end_stream | end_headers)), id_, head));
    }

    void send_body() {
        constexpr std::size_t sizes[]{0, 1, 5, 100, 4'000, 6'000, 16'384, 16'385};
        const auto flags = static_cast<int>(from_.next() & end_stream);
        const std::uint32_t id = recent_id();
        send(http2_bytes_of(NGHTTP2_DATA, flags, id, std::string(from_.one_of(sizes), 'x')));
    }

    void reset() {
        send(http2_bytes_of(NGHTTP2_RST_STREAM, 0, recent_id(), http2_number(NGHTTP2_CANCEL, 4)));
    }

    void open_window() {
        const std::uint32_t id = from_.next() % 2 == 0 ? 0 : recent_id();
        send(
            http2_bytes_of(NGHTTP2_WINDOW_UPDATE, 0, id, http2_number(1U << from_.next() % 32, 4)));
    }

    void set() {
        constexpr std::uint32_t values[]{
            0, 1, 100, 4'096, 16'384, 65'535, 1'000'000, 0x7FFF'FFFF, 0xFFFF'FFFF};
        const unsigned name = from_.next() % 10;
        send(http2_bytes_of(
            NGHTTP2_SETTINGS, 0, 0, http2_number(name, 2) + http2_number(from_.one_of(values), 4)));
    }

    void answer_pings() { on_.answer_pings(); }

    void send_again() {
        constexpr unsigned most_bytes = 40'000;
        std::string all;
        for (unsigned left = from_.next() * 8; left > 0 && all.size() < most_bytes; --left) {
            all += last_;
        }
        on_.send(all);
    }

    void cut_into() { on_.pieces = from_.next() % 64; }

    /// Of a request, the newest or an older one.
    std::uint32_t recent_id() { return id_ - 2 * (from_.next() % 4); }

    // --- what else happens ---

    void take() {
        constexpr std::size_t rooms[]{0, 1, 9, 100, 1'000, 20'000, http2_world::sink::no_end};
        on_.to->take(from_.one_of(rooms));
    }

    void pass() {
        constexpr std::chrono::milliseconds times[]{std::chrono::milliseconds{1},
            std::chrono::seconds{1}, std::chrono::seconds{5}, std::chrono::seconds{15},
            std::chrono::seconds{30}, std::chrono::seconds{61}};
        on_.pass(from_.one_of(times));
    }

    void publish() {
        constexpr std::string_view topics[]{"/a", "a", "b", "/b"};
        constexpr std::size_t sizes[]{0, 10, 1'000, 20'000};
        const std::string_view topic = from_.one_of(topics);
        on_.publish(topic, std::string(from_.one_of(sizes), 'e'));
    }

    void drain() { on_.drain(); }
    void end_streams() { on_.end_streams(); }
    void cancel() { on_.cancel_handlers(); }
    void lose() { on_.to->fail(); }

    static constexpr unsigned end_stream = NGHTTP2_FLAG_END_STREAM;
    static constexpr unsigned end_headers = NGHTTP2_FLAG_END_HEADERS;
    static constexpr std::array steps{&player::send_bytes, &player::send_frame,
        &player::send_request, &player::send_body, &player::reset, &player::open_window,
        &player::set, &player::answer_pings, &player::send_again, &player::cut_into, &player::take,
        &player::pass, &player::publish, &player::drain, &player::end_streams, &player::cancel,
        &player::lose};

    static constexpr int most = 400;

    http2_world& on_;
    choices from_;
    int played_ = 0;
    std::string last_;
    std::uint32_t id_ = 0xFFFF'FFFF; ///< before 1
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const bool is_frozen = (crier::detail::test_clock::freeze(), true);
    static_cast<void>(is_frozen);
    choices from{{reinterpret_cast<const char*>(bytes), size}};
    const unsigned chosen = from.next();
    const unsigned how = from.next();
    http2_world on{chosen, how};
    player{on, from}.play();
    on.end(how);
    return 0;
}
