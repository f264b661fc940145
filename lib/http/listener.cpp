#include "listener.hpp"

#include "async/executors.hpp"
#include "async/local_signal.hpp"
#include "listen.hpp"
#include "operation_memory.hpp"
#include "pubsub/log_failure.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using boost::system::error_code;

namespace {

stream_protocol protocol_of(int socket) {
    int family = 0;
    int protocol = 0;
    socklen_t size = sizeof family;
    check(::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size));
    check(::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size));
    return {family, protocol};
}

/// A pause for a coroutine that takes no memory. Where there is none for a timer, it only lets
/// others have their turn.
class pause final : public wakeable {
public:
    pause(alarms& by, clock::duration time, const asio::any_io_executor& executor,
        std::shared_ptr<small_handler_memory> memory) {
        if (!by.set(alarm_, clock::now() + time)) {
            alarm_.unlink();
            post_typed(executor, bind_memory(std::move(memory), [this] { wake(); }));
        }
    }

    local_signal&& over() noexcept { return over_.next(); }
    void wake() override { over_.set(); }

private:
    local_signal over_;
    alarm alarm_{*this};
};

} // namespace

listener::listener(asio::io_context& io, descriptor socket, const logger& log, taker take)
    : io_{io},
      log_{log},
      take_{std::move(take)},
      protocol_{protocol_of(socket.get())},
      socket_{io},
      alarms_{std::make_shared<alarms>(io.get_executor())} {
    socket_.assign(socket.get());
    socket.release();
}

void listener::start(std::shared_ptr<void> kept) {
    asio::co_spawn(io_, accept(), [kept = std::move(kept)](const std::exception_ptr&) {});
}

void listener::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

asio::awaitable<void> listener::accept() {
    constexpr std::chrono::milliseconds a_while{100};
    const asio::any_io_executor executor = io_.get_executor();
    bool failing = false;
    while (socket_.is_open()) {
        std::exception_ptr failure;
        try {
            co_await accept_some();
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) {
            failing = false;
            continue;
        }
        if (!std::exchange(failing, true)) {
            log_failure(log_, "cannot accept connections: ", failure);
        }
        // Out of descriptors or memory, say: trying again at once would spin without end.
        pause waiting{*alarms_, a_while, executor, turn_memory_};
        co_await waiting.over();
    }
}

asio::awaitable<void> listener::accept_some() {
    operation_memory<512> memory;
    error_code error;
    co_await socket_.async_wait(asio::posix::descriptor_base::wait_read, memory.token(error));
    if (!error) {
        accept_waiting();
    } else if (error != asio::error::operation_aborted) {
        throw boost::system::system_error{error};
    }
}

/// All streams have their turn before the next wait ends: one connection each would be too few.
/// Not within an operation, which asks for memory for each socket.
void listener::accept_waiting() {
    constexpr int most = 16;
    for (int i = 0; i < most; ++i) {
        descriptor accepted{::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC)};
        const int failed = accepted ? 0 : errno;
        if (accepted) {
            stream_socket connection{io_};
            connection.assign(protocol_, accepted.get());
            accepted.release();
            take_(std::move(connection));
        } else if (failed == EAGAIN || failed == EWOULDBLOCK) {
            return;
        } else if (failed != ECONNABORTED && failed != EINTR) {
            throw boost::system::system_error{failed, boost::system::system_category()};
        }
    }
}

} // namespace crier::detail
