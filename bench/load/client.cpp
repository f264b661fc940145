#include "load/client.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

namespace bench::load {
namespace {

std::string error_text(int error) { return std::generic_category().message(error); }

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
      buffer_{std::make_unique_for_overwrite<char[]>(buffer_size)},
      next_sweep_{chosen.sweep_milliseconds != 0 ? 0 : std::numeric_limits<std::uint64_t>::max()} {}

void client::turn(std::uint64_t deadline) {
    while (started_ < wanted_ && opening_ < options_.connecting) {
        start();
    }
    std::array<epoll_event, 64> ready{};
    const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()),
        milliseconds_until(std::min(deadline, next_sweep_)));
    for (int i = 0; i < count; ++i) {
        stream& of = streams_[ready[static_cast<std::size_t>(i)].data.u32];
        if (of.is == state::connecting) {
            request(of);
        } else {
            read(of);
        }
    }
    if (monotonic_now() >= next_sweep_) {
        sweep();
    }
}

void client::start() {
    stream& of = streams_[started_];
    of.is = state::connecting;
    ++opening_;
    try {
        of.connection = start_connecting(options_.port, started_);
        watch(of, EPOLL_CTL_ADD, EPOLLOUT);
    } catch (const std::system_error& error) {
        close(of, error.what());
    }
    ++started_;
}

void client::request(stream& of) {
    std::string text = "GET /t/" +
                       std::to_string(options_.first_topic + index_of(of) % options_.topics) +
                       " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options_.port) +
                       "\r\nAccept: text/event-stream\r\n";
    if (!options_.last_event_id.empty()) {
        text += "Last-Event-ID: " + options_.last_event_id + "\r\n";
    }
    text += "\r\n";
    // A new socket has room for all of it; what went wrong with connecting, sending tells.
    if (::send(of.connection.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
        close(of, error_text(errno));
        return;
    }
    of.is = state::requested;
    watch(of, EPOLL_CTL_MOD, EPOLLIN);
}

/// Whether there may be more to read.
bool client::read(stream& of) {
    const ssize_t size = ::recv(of.connection.get(), buffer_.get(), buffer_size, 0);
    if (size > 0) {
        take(of, {buffer_.get(), static_cast<std::size_t>(size)});
        return static_cast<std::size_t>(size) == buffer_size && of.connection;
    }
    if (size == 0) {
        close(of, "the server has closed it");
    } else if (errno != EAGAIN && errno != EINTR) {
        close(of, error_text(errno));
    }
    return false;
}

void client::take(stream& of, std::string_view input) {
    const std::uint64_t received = monotonic_now();
    meter_.bytes(input.size());
    token found = of.reading.next(input);
    while (found != token::none) {
        take(of, found, received);
        found = of.reading.next(input);
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
    of.is = state::open;
    --opening_;
    ++opened_;
    if (options_.sweep_milliseconds != 0) {
        watch(of, EPOLL_CTL_DEL, 0);
    }
}

void client::sweep() {
    for (std::uint32_t i = 0; i < started_; ++i) {
        stream& of = streams_[i];
        while (of.is == state::open && read(of)) {
        }
    }
    // After it, so that it cannot take all time.
    next_sweep_ = monotonic_now() + options_.sweep_milliseconds * std::uint64_t{1'000'000};
}

void client::watch(stream& of, int operation, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u32 = index_of(of);
    ::epoll_ctl(epoll_.get(), operation, of.connection.get(), &wanted);
}

void client::close(stream& of, const std::string& why) {
    if (reason_.empty()) {
        reason_ = "stream " + std::to_string(index_of(of)) + ": " + why;
    }
    opening_ -= of.is == state::open ? 0 : 1;
    ++closed_;
    of.is = state::closed;
    of.connection.close();
}

} // namespace bench::load
