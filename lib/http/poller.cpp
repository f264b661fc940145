#include "poller.hpp"

#include <crier/http/detail/asio_sinks.hpp>

#include "epoll_set.hpp"
#include "pubsub/event_queue.hpp"

#include <boost/asio/error.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

error_code last_error() noexcept {
    return errno == EAGAIN ? make_error_code(asio::error::would_block)
                           : error_code{errno, boost::system::system_category()};
}

ssize_t send_one(int socket, asio::const_buffer bytes) noexcept {
    return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

ssize_t send_all(int socket, sink::buffers bytes) noexcept {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled
    std::array<iovec, event_queue::buffers::static_capacity> parts;
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = std::min(bytes.size(), parts.size());
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
        // The kernel only reads it.
        parts[i] = {const_cast<void*>(bytes[i].data()), bytes[i].size()}; // NOLINT(*-const-cast)
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

} // namespace

poller::poller(const asio::any_io_executor& executor) : set_{executor, new_epoll_set()} {}

void poller::add(polled_sink& sink) {
    constexpr std::uint32_t all = EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET;
    add_to_epoll_set(set_.native_handle(), sink.socket_, all, &sink);
    ++sockets_;
    if (!waits_) {
        try {
            wait();
        } catch (...) {
            remove(sink);
            throw;
        }
    }
}

void poller::remove(polled_sink& sink) noexcept {
    epoll_event unused{};
    ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, sink.socket_, &unused);
    if (--sockets_ == 0) {
        // Nothing may be left that keeps the context at work.
        error_code ignored;
        set_.cancel(ignored);
    }
}

void poller::wait() {
    set_.async_wait(asio::posix::descriptor_base::wait_read,
        bind_memory(wait_memory_, [weak = weak_from_this()](error_code) {
            if (const auto self = weak.lock()) {
                self->poll();
            }
        }));
    waits_ = true;
}

/// So many at a time that others have their turns, though thousands leave at once: what is left is
/// told again by the next wait.
void poller::poll() {
    std::array<epoll_event, 64> ready; // NOLINT(cppcoreguidelines-pro-type-member-init): filled
    const int count =
        ::epoll_wait(set_.native_handle(), ready.data(), static_cast<int>(ready.size()), 0);
    for (int i = 0; i < count; ++i) {
        // A session that has ended meanwhile is destroyed in a later handler only.
        const epoll_event& each = ready[static_cast<std::size_t>(i)];
        static_cast<polled_sink*>(each.data.ptr)->on_ready(each.events);
    }
    waits_ = false;
    if (sockets_ > 0) {
        wait();
    }
}

polled_sink::polled_sink(std::shared_ptr<poller> by, stream_socket& from)
    : poller_{std::move(by)}, socket_{(from.native_non_blocking(true), from.release())} {}

polled_sink::~polled_sink() {
    cancel();
    ::shutdown(socket_, SHUT_WR);
    ::close(socket_);
}

std::size_t polled_sink::write_some(buffers bytes, error_code& error) {
    if (is_full_) {
        error = asio::error::would_block;
        return 0;
    }
    const std::size_t written = send(bytes, error);
    is_full_ = error == asio::error::would_block;
    if (is_full_ && !is_watched_) {
        watch_peer(); // a refusal, say
    }
    return written;
}

std::size_t polled_sink::send(buffers bytes, error_code& error) noexcept {
    const ssize_t written =
        bytes.size() == 1 ? send_one(socket_, bytes.front()) : send_all(socket_, bytes);
    error = written < 0 ? last_error() : error_code{};
    return written < 0 ? 0 : static_cast<std::size_t>(written);
}

void polled_sink::watch_peer() {
    if (!is_watched_) {
        poller_->add(*this);
        is_watched_ = true;
    }
}

void polled_sink::cancel() {
    cancelled_ = true;
    if (std::exchange(is_watched_, false)) {
        poller_->remove(*this);
    }
}

void polled_sink::limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) {
    detail::limit_buffering(socket_, bytes, longest);
}

void polled_sink::on_ready(std::uint32_t events) {
    if (!is_watched_) {
        return;
    }
    is_full_ = is_full_ && (events & EPOLLOUT) == 0;
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
        read();
    }
    wake_user();
}

void polled_sink::read() {
    std::array<char, 256> ignored; // NOLINT(cppcoreguidelines-pro-type-member-init): filled
    bool goes_on = true;
    while (goes_on) {
        error_code error;
        const std::size_t size = receive(asio::buffer(ignored), error);
        goes_on = error != asio::error::would_block && received(error, size);
    }
}

std::size_t polled_sink::receive(asio::mutable_buffer into, error_code& error) noexcept {
    const ssize_t size = ::recv(socket_, into.data(), into.size(), 0);
    error = size < 0 ? last_error() : size == 0 ? make_error_code(asio::error::eof) : error_code{};
    return size > 0 ? static_cast<std::size_t>(size) : 0;
}

encrypted_polled_sink::encrypted_polled_sink(std::shared_ptr<poller> by, connection_stream& from)
    : polled_sink{std::move(by), from.socket()}, channel_{from.take_channel()} {}

encrypted_polled_sink::~encrypted_polled_sink() { channel_->shut_down(); }

std::size_t encrypted_polled_sink::send(buffers bytes, error_code& error) noexcept {
    return channel_->write_some(bytes, error);
}

std::size_t encrypted_polled_sink::receive(asio::mutable_buffer into, error_code& error) noexcept {
    return channel_->read_some(into, error);
}

std::shared_ptr<sink> make_polled_sink(std::shared_ptr<poller> by, connection_stream& from) {
    if (from.channel() != nullptr) {
        return std::make_shared<encrypted_polled_sink>(std::move(by), from);
    }
    return std::make_shared<polled_sink>(std::move(by), from.socket());
}

} // namespace crier::detail
