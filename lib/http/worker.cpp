#include "worker.hpp"

#include <crier/async/single_thread.hpp>

#include "response.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iterator>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

worker::worker(const server_options& options, const server::handler& handle,
    std::atomic<std::size_t>& connections, tcp::acceptor::protocol_type protocol)
    : options_{options},
      handle_{handle},
      all_connections_{connections},
      acceptor_{io_, protocol},
      streams_{io_.get_executor(), options.log, connections, [this] { one_ended(); }} {
    promise_single_thread(io_);
}

void worker::start_accepting() { asio::co_spawn(io_, accept(), asio::detached); }

void worker::run() noexcept {
    while (true) {
        try {
            io_.run();
            return;
        } catch (const std::exception& error) {
            options_.log(severity::error, std::string{"a handler threw: "} + error.what());
        }
    }
}

asio::awaitable<void> worker::accept() {
    constexpr std::chrono::milliseconds pause{100};
    timer wait{io_};
    bool failing = false;
    acceptor_.non_blocking(true);
    while (acceptor_.is_open()) {
        error_code error;
        tcp::socket socket =
            co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            take_in(std::move(socket));
            accept_waiting();
        } else if (error != asio::error::operation_aborted &&
                   error != asio::error::connection_aborted) {
            // Out of descriptors, say: trying again at once would spin without end.
            if (!std::exchange(failing, true)) {
                options_.log(severity::error, "cannot accept connections: " + error.message());
            }
            wait.expires_after(pause);
            co_await wait.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        failing = false;
    }
}

/// All streams have their turn before the next wait ends: one connection each would be too few.
void worker::accept_waiting() {
    constexpr int most = 128;
    error_code error;
    for (int i = 0; i < most && !error; ++i) {
        tcp::socket socket = acceptor_.accept(error);
        if (!error) {
            take_in(std::move(socket));
        }
    }
}

void worker::take_in(tcp::socket socket) {
    if (all_connections_ < options_.max_connections) {
        begin(std::move(socket));
    } else {
        refuse(std::move(socket));
    }
}

void worker::begin(tcp::socket socket) {
    connections_.emplace_back(connection_context{options_, handle_, streams_, ending_});
    const auto which = std::prev(connections_.end());
    ++all_connections_;
    try {
        asio::co_spawn(io_, run_connection(std::move(socket), which->state),
            asio::bind_cancellation_slot(which->cancellation.slot(),
                [this, which](const std::exception_ptr&) { ended(which); }));
    } catch (const std::exception& error) {
        options_.log(severity::error, std::string{"cannot serve a connection: "} + error.what());
        ended(which);
    }
}

void worker::ended(std::list<connection>::iterator which) {
    if (!which->state.is_handed_over) {
        --all_connections_;
    }
    connections_.erase(which);
    one_ended();
}

void worker::one_ended() {
    if (ending_ && connections_.empty() && streams_.empty()) {
        deadline_.cancel();
    }
}

void worker::refuse(tcp::socket socket) const {
    const std::string response = refusal_response({503, "too many connections"});
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(response), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void worker::begin_shutdown(clock::duration deadline) {
    error_code ignored;
    acceptor_.close(ignored);
    ending_ = true;
    cancel_all(true);
    if (!connections_.empty() || !streams_.empty()) {
        after(deadline, &worker::cut);
    }
}

void worker::cut() {
    constexpr std::chrono::milliseconds last_grace{100};
    cancel_all(false);
    streams_.cut();
    after(last_grace, &worker::stop);
}

void worker::stop() { io_.stop(); }

void worker::after(clock::duration time, void (worker::*then)()) {
    deadline_.expires_after(time);
    deadline_.async_wait([this, then](error_code error) {
        if (!error) {
            (this->*then)();
        }
    });
}

void worker::cancel_all(bool idle_only) {
    for (auto next = connections_.begin(); next != connections_.end();) {
        // Its end may come at once, and take it out of the list.
        const auto each = next++;
        if (each->state.idle || !idle_only) {
            each->cancellation.emit(asio::cancellation_type::terminal);
        }
    }
}

} // namespace crier::detail
