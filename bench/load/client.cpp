#include "load/client.hpp"

#include "load/socket.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

namespace bench::load {
namespace {

using outcome = transport::outcome;

int milliseconds_until(std::uint64_t time) {
    constexpr std::uint64_t longest = 1000;
    const std::uint64_t now = monotonic_now();
    const std::uint64_t left = time > now ? time - now : 0;
    return static_cast<int>(std::min((left + 999'999) / 1'000'000, longest));
}

} // namespace

client::client(const options& chosen, meter& counting)
    : options_{chosen},
      meter_{counting},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      streams_(chosen.streams),
      connections_(chosen.connections()),
      buffer_{std::make_unique_for_overwrite<char[]>(buffer_size)},
      next_sweep_{chosen.sweep_milliseconds != 0 ? 0 : std::numeric_limits<std::uint64_t>::max()} {
    if (options_.tls) {
        tls_.emplace(options_.http2);
        if (!options_.sessions.empty()) {
            tls_->read_sessions(options_.sessions);
        }
    }
}

void client::turn(std::uint64_t deadline) {
    while (started_ < wanted_ && opening_ < options_.connecting) {
        start();
    }
    std::array<epoll_event, 64> ready{};
    const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()),
        milliseconds_until(std::min(deadline, next_sweep_)));
    for (int i = 0; i < count; ++i) {
        connection& of = connections_[ready[static_cast<std::size_t>(i)].data.u32];
        if (of.is == state::connecting) {
            go_on(of, tls_ ? of.bytes.shake_hands(*tls_, index_of(of)) : outcome::done);
        } else if (of.is == state::shaking_hands) {
            go_on(of, of.bytes.shake_hands());
        } else {
            while (read(of)) {
            }
        }
    }
    if (monotonic_now() >= next_sweep_) {
        sweep();
    }
}

void client::start() {
    connection& of = connections_[started_ / options_.streams_per_connection];
    of.is = state::connecting;
    of.unopened = streams_of(of);
    ++opening_;
    started_ += of.unopened;
    try {
        of.bytes = transport{start_connecting(options_.port, index_of(of))};
        watch(of, EPOLL_CTL_ADD, EPOLLOUT);
    } catch (const std::system_error& error) {
        close(of, error.what());
    }
}

/// Connected, or with a handshake that has come so far.
void client::go_on(connection& of, outcome with) {
    of.is = state::shaking_hands;
    switch (with) {
    case outcome::wants_read: watch(of, EPOLL_CTL_MOD, EPOLLIN); break;
    case outcome::wants_write: watch(of, EPOLL_CTL_MOD, EPOLLOUT); break;
    case outcome::done: request(of); break;
    default: close(of, "its handshake has failed");
    }
}

void client::request(connection& of) {
    resumed_ += tls_ && of.bytes.is_resumed() ? 1 : 0;
    // A new socket has room for all of it; what went wrong with connecting, sending tells.
    if (of.bytes.send(request_text(of)) != outcome::done) {
        close(of, std::generic_category().message(errno));
        return;
    }
    of.is = state::requested;
    watch(of, EPOLL_CTL_MOD, EPOLLIN);
}

std::string client::request_text(connection& of) {
    const std::string host = "127.0.0.1:" + std::to_string(options_.port);
    const std::uint32_t first = first_stream(of);
    if (options_.http2) {
        of.frames = std::make_unique<http2_input>();
        http2_opening opening{host, options_.last_event_id, options_.tls};
        for (std::uint32_t i = 0; i < of.unopened; ++i) {
            opening.add_request(path_of(first + i));
        }
        return opening.text();
    }
    std::string text = "GET " + path_of(first) + " HTTP/1.1\r\nHost: " + host +
                       "\r\nAccept: text/event-stream\r\n";
    if (!options_.last_event_id.empty()) {
        text += "Last-Event-ID: " + options_.last_event_id + "\r\n";
    }
    return text + "\r\n";
}

std::string client::path_of(std::uint32_t number) const {
    return "/t/" + std::to_string(options_.first_topic + number % options_.topics);
}

/// Whether there may be more to read.
bool client::read(connection& of) {
    std::size_t size = 0;
    switch (of.bytes.receive(buffer_.get(), buffer_size, size)) {
    case outcome::done:
        take(of, {buffer_.get(), size});
        return of.is != state::closed && (size == buffer_size || of.bytes.has_pending());
    case outcome::wants_read:
    case outcome::wants_write: break;
    case outcome::closed: close(of, "the server has closed it"); break;
    case outcome::failed: close(of, std::generic_category().message(errno)); break;
    }
    return false;
}

void client::take(connection& of, std::string_view input) {
    const std::uint64_t received = monotonic_now();
    meter_.bytes(input.size());
    if (of.frames) {
        take_frames(of, input, received);
    } else {
        take(streams_[first_stream(of)], input, received);
    }
}

void client::take(stream& of, std::string_view input, std::uint64_t received) {
    token found = of.reading.next(input);
    while (found != token::none) {
        take(of, found, received);
        found = of.reading.next(input);
    }
}

void client::take_frames(connection& of, std::string_view input, std::uint64_t received) {
    using kind = http2_input::kind;
    http2_input& frames = *of.frames;
    const std::uint32_t count = streams_of(of);
    http2_input::item found = frames.next(input);
    while (found.is != kind::none && of.is != state::closed) {
        if (found.is == kind::broken || found.stream >= count) {
            close(of, "its frames are broken");
            return;
        }
        stream& which = streams_[first_stream(of) + found.stream];
        if (found.is == kind::head && which.is == stream_state::unopened) {
            take_head(which, found);
        } else if (found.is == kind::body && which.is == stream_state::open) {
            take(which, found.text, received);
        }
        if (found.is_last || found.is == kind::end) {
            close(which, "the server has ended it");
        }
        found = frames.next(input);
    }
    const std::string answers = frames.take_answers();
    if (of.is != state::closed && !answers.empty()) {
        of.bytes.send(answers);
    }
}

void client::take_head(stream& of, const http2_input::item& head) {
    if (head.status == 200) {
        of.reading.begin_body();
        become_open(of);
    } else {
        close(of, "its answer has status " + std::to_string(head.status));
    }
}

void client::take(stream& of, token found, std::uint64_t received) {
    switch (found) {
    case token::none: break;
    case token::open: become_open(of); break;
    case token::event: take_event(of, received); break;
    case token::other: meter_.unnumbered(); break;
    case token::gap: meter_.gap(); break;
    case token::id: last_event_id_ = of.reading.id(); break;
    case token::end: close(of, "the server has ended it"); break;
    case token::wrong_head:
        close(of, "its answer has status " + std::to_string(of.reading.status()));
        break;
    case token::wrong_chunk: close(of, "its chunked coding is broken"); break;
    }
}

void client::take_event(stream& of, std::uint64_t received) {
    const bool is_awaited =
        options_.until_number ? of.reading.number() == *options_.until_number : !of.numbers.any();
    with_event_ += is_awaited ? 1 : 0;
    meter_.event(index_of(of) % options_.topics, of.numbers, of.reading.number(), of.reading.time(),
        received);
}

void client::become_open(stream& of) {
    of.is = stream_state::open;
    ++opened_;
    connection& on = connection_of(of);
    if (--on.unopened == 0) {
        on.is = state::open;
        --opening_;
        if (options_.sweep_milliseconds != 0) {
            watch(on, EPOLL_CTL_DEL, 0);
        }
    }
}

void client::sweep() {
    const std::size_t started =
        (started_ + options_.streams_per_connection - 1) / options_.streams_per_connection;
    for (std::size_t i = 0; i < started; ++i) {
        connection& of = connections_[i];
        while (of.is == state::open && read(of)) {
        }
    }
    // After it, so that it cannot take all time.
    next_sweep_ = monotonic_now() + options_.sweep_milliseconds * std::uint64_t{1'000'000};
}

void client::watch(connection& of, int operation, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u32 = index_of(of);
    ::epoll_ctl(epoll_.get(), operation, of.bytes.socket(), &wanted);
}

std::uint32_t client::streams_of(const connection& of) const noexcept {
    return std::min(options_.streams_per_connection, options_.streams - first_stream(of));
}

/// The last stream ends its connection, too.
void client::close(stream& of, const std::string& why) {
    if (of.is == stream_state::closed) {
        return;
    }
    if (reason_.empty()) {
        reason_ = "stream " + std::to_string(index_of(of)) + ": " + why;
    }
    connection& on = connection_of(of);
    const bool was_unopened = of.is == stream_state::unopened;
    of.is = stream_state::closed;
    ++closed_;
    if (was_unopened && --on.unopened == 0) {
        --opening_;
        on.is = on.is == state::closed ? state::closed : state::open;
    }
    const auto first = streams_.begin() + first_stream(on);
    if (std::all_of(first, first + streams_of(on),
            [](const stream& each) { return each.is == stream_state::closed; })) {
        on.is = state::closed;
        on.bytes.close();
    }
}

void client::close(connection& of, const std::string& why) {
    const std::uint32_t first = first_stream(of);
    for (std::uint32_t i = 0; i < streams_of(of); ++i) {
        close(streams_[first + i], why);
    }
}

} // namespace bench::load
