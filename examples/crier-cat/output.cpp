#include "output.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cat {

namespace asio = boost::asio;
using boost::system::error_code;

output::output(asio::io_context& context, std::function<void(error_code)> on_failure)
    : context_{context}, on_failure_{std::move(on_failure)}, reader_left_{context} {
    watch_reader();
}

/// To wait for errors of standard output, Asio would make it non-blocking, for all programs that
/// share it. An epoll set that holds only standard output becomes readable at the same time.
void output::watch_reader() {
    reader_left_.assign(::epoll_create1(EPOLL_CLOEXEC));
    ::epoll_event only_errors{};
    // Files and devices, which have no reader that can leave, cannot be added.
    if (::epoll_ctl(reader_left_.native_handle(), EPOLL_CTL_ADD, STDOUT_FILENO, &only_errors) ==
        0) {
        reader_left_.async_wait(
            asio::posix::stream_descriptor::wait_read, [this](error_code error) {
                if (!error) {
                    fail(asio::error::broken_pipe);
                }
            });
    }
}

void output::write(std::string_view text) {
    if (waiting_.empty()) {
        asio::post(context_, [this] { flush(); });
    }
    waiting_ += text;
}

void output::flush() {
    std::string_view rest = waiting_;
    while (!rest.empty() && !failed_) {
        const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Another program that shares it has made it non-blocking.
            ::pollfd writable{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            fail({errno, boost::system::system_category()});
        }
    }
    waiting_.clear();
}

void output::fail(error_code why) {
    if (!std::exchange(failed_, true)) {
        on_failure_(why);
    }
}

} // namespace cat
