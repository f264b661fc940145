#include "floor/loop.hpp"

#include "floor/http2_streams.hpp"
#include "floor/streams.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace bench::bare {
namespace {

void check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error{errno, std::generic_category(), what};
    }
}

void set(int file, int level, int name) {
    const int yes = 1;
    check(::setsockopt(file, level, name, &yes, sizeof yes), "setsockopt");
}

descriptor listen_on(std::uint16_t port) {
    descriptor listening{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    check(listening.get(), "socket");
    set(listening.get(), SOL_SOCKET, SO_REUSEADDR);
    set(listening.get(), SOL_SOCKET, SO_REUSEPORT);
    // What is accepted inherits it.
    set(listening.get(), IPPROTO_TCP, TCP_NODELAY);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
        "bind");
    check(::listen(listening.get(), SOMAXCONN), "listen");
    return listening;
}

std::unique_ptr<audience> new_audience(const options& chosen, int epoll, const tls* encrypting) {
    const unsigned topics = chosen.topics + chosen.silent;
    if (chosen.http2) {
        return std::make_unique<http2_streams>(epoll, encrypting, topics);
    }
    return std::make_unique<streams>(epoll, encrypting, topics);
}

} // namespace

loop::loop(
    const options& chosen, const tls* encrypting, std::uint16_t port, clock::time_point start)
    : options_{chosen},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)},
      stop_{::eventfd(0, EFD_CLOEXEC)},
      listening_{listen_on(port)},
      audience_{new_audience(chosen, epoll_.get(), encrypting)},
      source_{chosen.size, chosen.topics, !chosen.http2},
      heartbeat_{chosen.heartbeat_interval()},
      next_beat_{start + heartbeat_},
      last_sent_(chosen.topics + chosen.silent, start) {
    if (chosen.rate > 0) {
        pace_.emplace(chosen.rate, chosen.burst, start);
    }
    for (const int file : {timer_.get(), stop_.get(), listening_.get()}) {
        watch(file, EPOLLIN, EPOLL_CTL_ADD);
    }
}

std::uint16_t loop::port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size),
        "getsockname");
    return ntohs(address.sin_port);
}

void loop::run() {
    set_timer();
    std::array<epoll_event, 256> ready{};
    while (!stopped_) {
        const int count =
            ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), -1);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = ready[static_cast<std::size_t>(i)];
            handle(event.data.fd, event.events);
        }
    }
}

void loop::stop() { ::eventfd_write(stop_.get(), 1); }

void loop::watch(int file, std::uint32_t events, int operation) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.fd = file;
    ::epoll_ctl(epoll_.get(), operation, file, &wanted);
}

void loop::handle(int file, std::uint32_t events) {
    if (file == timer_.get()) {
        publish_due();
        beat();
        set_timer();
    } else if (file == listening_.get()) {
        accept();
    } else if (file == stop_.get()) {
        stopped_ = true;
    } else if (!audience_->has(file)) {
        // Closed since it was reported; the number may be another thread's by now.
    } else if ((events & EPOLLOUT) != 0) {
        audience_->resume(file);
    } else {
        read(file);
    }
}

void loop::accept() {
    constexpr int most_at_once = 64;
    int connection = 0;
    for (int i = 0; i < most_at_once && connection >= 0; ++i) {
        connection = ::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (connection >= 0) {
            audience_->add(connection);
        }
    }
    if (connection < 0 && (errno == EMFILE || errno == ENFILE)) {
        // Until one is closed, or it would be told of it again and again.
        accepting_ = false;
        watch(listening_.get(), 0, EPOLL_CTL_MOD);
    }
}

void loop::read(int connection) {
    if (!audience_->read(connection) && !accepting_) {
        accepting_ = true;
        watch(listening_.get(), EPOLLIN, EPOLL_CTL_MOD);
    }
}

/// What was due when it began, and not for long, so that connections get their turn as well.
void loop::publish_due() {
    constexpr std::chrono::milliseconds longest{10};
    const clock::time_point begin = clock::now();
    clock::time_point now = begin;
    while (pace_ && pace_->due() <= begin && now < begin + longest) {
        for (unsigned i = 0; i < options_.burst; ++i) {
            publish();
        }
        now = clock::now();
        pace_->next(now);
    }
}

void loop::publish() {
    const unsigned topic = source_.topic();
    const std::uint64_t begin = monotonic_now();
    audience_->send(topic, source_.next(begin));
    const std::uint64_t end = monotonic_now();
    took_.add(static_cast<std::uint32_t>(end - begin));
    last_sent_[topic] = clock::time_point{std::chrono::nanoseconds{end}};
}

void loop::beat() {
    const clock::time_point now = clock::now();
    if (now < next_beat_) {
        return;
    }
    next_beat_ = now + heartbeat_;
    for (unsigned topic = 0; topic < last_sent_.size(); ++topic) {
        clock::time_point& last = last_sent_[topic];
        if (last + heartbeat_ <= now) {
            audience_->send(topic, source_.heartbeat());
            last = now;
        }
        next_beat_ = std::min(next_beat_, last + heartbeat_);
    }
}

void loop::set_timer() {
    const clock::time_point due = pace_ ? std::min(pace_->due(), next_beat_) : next_beat_;
    const auto since = due.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    itimerspec at{};
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = std::chrono::nanoseconds{since - seconds}.count();
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

} // namespace bench::bare
