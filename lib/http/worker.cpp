#include "worker.hpp"

#include <crier/async/single_thread.hpp>

#include "async/durations.hpp"
#include "async/spawn.hpp"
#include "handling.hpp"
#include "pubsub/log_failure.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

worker::worker(const server_options& options, const encryption* encrypted_by,
    const server::handler& handle, std::atomic<std::size_t>& connections,
    std::vector<descriptor> sockets, asio::io_context* programs)
    : options_{options},
      encrypted_by_{encrypted_by},
      handle_{handle},
      all_connections_{connections},
      handshakes_{options.tls ? options.tls->handshakes : 0},
      own_io_{programs == nullptr ? std::make_unique<asio::io_context>(1) : nullptr},
      io_{programs == nullptr ? *own_io_ : *programs},
      streams_{io_.get_executor(), options.log, connections, [this] { one_ended(); }} {
    promise_single_thread(io_);
    for (descriptor& each : sockets) {
        listeners_.emplace_back(io_, std::move(each), options.log,
            [this](stream_socket accepted) { take_in(std::move(accepted)); });
    }
}

void worker::live_in(const std::weak_ptr<void>& whole) {
    whole_ = whole;
    // From the start on, as there may be no memory in the end.
    told_to_end_.async_wait([this, whole](error_code error) {
        if (const auto there = error ? nullptr : whole.lock()) {
            begin_shutdown();
        }
    });
}

/// For what goes on, on a context that does not go with this.
std::shared_ptr<void> worker::kept() const noexcept { return own_io_ ? nullptr : whole_.lock(); }

void worker::start_accepting() {
    for (listener& each : listeners_) {
        each.start(kept());
    }
}

worker::~worker() { is_over_ = true; }

void worker::run() noexcept {
    while (true) {
        try {
            io_.run();
            return;
        } catch (...) {
            log_failure(options_.log, "a handler threw: ", std::current_exception());
        }
    }
}

void worker::take_in(stream_socket socket) {
    // So many are told at a time, as each may take a while. Any more are just closed.
    constexpr std::size_t most_refused = 256;
    const bool is_one_too_many = all_connections_ >= options_.max_connections;
    if (!is_one_too_many || refused_ < most_refused) {
        begin(std::move(socket), is_one_too_many);
    }
}

/// Takes a connection off the list when its coroutine has gone, whichever way.
class worker::connection_end {
public:
    connection_end(worker& by, std::shared_ptr<connection> which) noexcept
        : by_{by}, which_{std::move(which)} {}
    connection_end(connection_end&&) noexcept = default;
    connection_end& operator=(connection_end&&) = delete;
    ~connection_end() {
        if (which_) {
            by_.ended(*which_);
        }
    }

    void operator()(const std::exception_ptr& failure) const {
        log_unless_gone(by_.options_.log, "a connection failed: ", failure);
    }

private:
    worker& by_;
    std::shared_ptr<connection> which_;
};

void worker::begin(stream_socket socket, bool is_one_too_many) {
    const auto which = std::make_shared<connection>(
        connection_context{{options_, handle_, streams_, alarms_, shutdown_.get_token(), end_},
            ending_, encrypted_by_, handshakes_},
        kept());
    connections_.push_back(*which);
    which->state.is_one_too_many = is_one_too_many;
    if (is_one_too_many) {
        ++refused_;
    } else {
        ++all_connections_;
    }
    connection_end at_end{*this, which};
    try {
        prime(io_.get_executor());
        asio::co_spawn(io_, run_connection(std::move(socket), which->state),
            asio::bind_cancellation_slot(which->cancellation.slot(), std::move(at_end)));
        cannot_begin_ = false;
    } catch (...) {
        if (!std::exchange(cannot_begin_, true)) {
            log_failure(options_.log, "cannot serve connections: ", std::current_exception());
        }
    }
}

void worker::ended(connection& which) noexcept {
    if (which.state.is_one_too_many) {
        --refused_;
    } else if (!which.state.is_handed_over) {
        --all_connections_;
    }
    which.unlink();
    if (!is_over_) {
        one_ended();
    }
}

void worker::one_ended() noexcept {
    if (ending_ && connections_.empty() && streams_.empty()) {
        deadline_.cancel();
    }
}

void worker::shut_down(clock::duration deadline) noexcept {
    time_to_end_ = deadline;
    told_to_end_.set();
}

void worker::begin_shutdown() noexcept {
    std::ranges::for_each(listeners_, &listener::close);
    ending_ = true;
    end_ = time_to_end_ < never ? clock::now() + time_to_end_ : clock::time_point::max();
    cancel_all(true);
    shutdown_.request_stop();
    if (!connections_.empty() || !streams_.empty()) {
        after(time_to_end_, &worker::cut);
    }
}

void worker::cut() noexcept {
    constexpr std::chrono::milliseconds last_grace{100};
    cancel_all(false);
    streams_.cut();
    after(last_grace, &worker::stop);
}

void worker::stop() noexcept {
    if (own_io_) {
        io_.stop();
    } else {
        options_.log(severity::warning,
            "handlers go on after the deadline, though they are cancelled; the context waits for "
            "them");
    }
}

void worker::abandon() noexcept {
    std::ranges::for_each(listeners_, &listener::close);
    told_to_end_.close();
    ending_ = true;
    deadline_.cancel();
    cancel_all(false);
    streams_.end();
}

/// Where there is no memory to wait, it is time at once.
void worker::after(clock::duration time, void (worker::*then)() noexcept) noexcept {
    try {
        deadline_.expires_after(time);
        deadline_.async_wait([this, then, whole = whole_](error_code error) {
            if (const auto there = error ? nullptr : whole.lock()) {
                (this->*then)();
            }
        });
    } catch (...) {
        (this->*then)();
    }
}

void worker::cancel(connection& one) noexcept {
    try {
        one.cancellation.emit(asio::cancellation_type::terminal);
    } catch (...) {
        log_failure(options_.log, "cannot cancel a handler: ", std::current_exception());
    }
}

void worker::cancel_all(bool idle_only) noexcept {
    for (auto next = connections_.begin(); next != connections_.end();) {
        // Its end may come at once, and take it out of the list.
        connection& each = *next++;
        if (each.state.idle || !idle_only) {
            cancel(each);
        }
    }
}

} // namespace crier::detail
