#include <crier/async/signal.hpp>
#include <crier/http/server.hpp>

#include "async/durations.hpp"
#include "descriptor_room.hpp"
#include "encryption.hpp"
#include "listening_sockets.hpp"
#include "pubsub/log_failure.hpp"
#include "request_context.hpp"
#include "worker.hpp"

#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace crier {

namespace asio = boost::asio;

namespace detail {

struct server_state : std::enable_shared_from_this<server_state> {
    explicit server_state(server_options given, asio::io_context* programs)
        : is_on_programs_context{programs != nullptr},
          options{std::move(given)},
          encrypted_by{
              options.tls ? make_encryption(*options.tls, options.http2.has_value()) : nullptr} {
        listening.emplace(options);
        make_room_for_descriptors(options.max_connections);
        for (unsigned i = 0; i < options.threads; ++i) {
            workers.push_back(std::make_unique<worker>(
                options, encrypted_by.get(), handle, connections, listening->take(i), programs));
        }
    }

    asio::any_io_executor executor() const { return workers.front()->context().get_executor(); }

    encryption& encryption_there() const {
        if (!encrypted_by) {
            throw std::logic_error{"this server has no TLS whose files could be read again"};
        }
        return *encrypted_by;
    }

    void reload_on_hangup() {
        hangups->async_wait(
            [whole = weak_from_this()](boost::system::error_code error, int /*number*/) {
                if (const auto there = error ? nullptr : whole.lock()) {
                    there->reload();
                    there->reload_on_hangup();
                }
            });
    }

    void reload() {
        try {
            encrypted_by->reload();
            options.log(severity::info, "the files of TLS were read again");
        } catch (...) {
            log_failure(
                options.log, "the files of TLS are as they were: ", std::current_exception());
        }
    }

    void shutdown(std::chrono::milliseconds deadline) noexcept {
        if (ending.exchange(true)) {
            return;
        }
        // None at all is a deadline too.
        deadline = std::clamp(deadline, std::chrono::milliseconds{0}, never);
        told_to_end->set();
        for (const auto& each : workers) {
            each->shut_down(deadline);
        }
    }

    /// At the shutdown, on the first worker's context.
    void announce_end() noexcept {
        for (asio::signal_set* const each : {signals.get(), hangups.get()}) {
            boost::system::error_code ignored;
            if (each != nullptr) {
                each->cancel(ignored);
            }
        }
        try {
            if (hook) {
                hook();
            }
        } catch (...) {
            log_failure(options.log, "the shutdown hook failed: ", std::current_exception());
        }
    }

    const bool is_on_programs_context;
    const server_options options;
    const std::shared_ptr<encryption> encrypted_by; ///< none: connections are not
    server::handler handle;
    std::optional<listening_sockets> listening;
    std::function<void()> hook;
    std::atomic<std::size_t> connections{0};
    std::atomic<bool> ending{false};
    bool has_begun = false;
    std::vector<std::unique_ptr<worker>> workers;
    std::unique_ptr<asio::signal_set> signals;
    std::unique_ptr<asio::signal_set> hangups;
    std::unique_ptr<signal> told_to_end;
};

} // namespace detail

namespace {

server_options checked(server_options options) {
    if (options.threads == 0) {
        throw std::invalid_argument{"threads is 0; a server needs one or more"};
    }
    if (options.max_connections == 0) {
        throw std::invalid_argument{"max_connections is 0; a server needs one or more"};
    }
    if (std::ranges::find(options.addresses, "") != options.addresses.end()) {
        throw std::invalid_argument{"addresses has one that is empty"};
    }
    detail::check_request_options(options);
    if (options.tls) {
        options.tls->handshake_timeout = detail::in_range(
            options.tls->handshake_timeout, tls_server_options{}.handshake_timeout);
    }
    return options;
}

server_options on_one_thread(server_options options) {
    if (options.threads != 1) {
        throw std::invalid_argument{"threads is " + std::to_string(options.threads) +
                                    "; a server on the program's context has that one thread"};
    }
    return options;
}

std::shared_ptr<detail::server_state> made(server_options options, asio::io_context* programs) {
    auto state = std::make_shared<detail::server_state>(std::move(options), programs);
    const std::weak_ptr<detail::server_state> whole{state};
    for (const auto& each : state->workers) {
        each->live_in(whole);
    }
    state->told_to_end = std::make_unique<signal>(state->executor());
    state->told_to_end->async_wait([whole](boost::system::error_code error) {
        if (const auto there = error ? nullptr : whole.lock()) {
            there->announce_end();
        }
    });
    return state;
}

} // namespace

server::server(server_options options) : state_{made(checked(std::move(options)), nullptr)} {}

server::server(asio::io_context& context, server_options options)
    : state_{made(on_one_thread(checked(std::move(options))), &context)} {}

server::~server() {
    state_->told_to_end.reset();
    state_->signals.reset();
    state_->hangups.reset();
    if (state_->is_on_programs_context) {
        state_->workers.front()->abandon();
        state_->listening.reset(); // now that nobody listens any more
        return;
    }
    // The managers' strands are on the first context: sessions of the others must go before it.
    while (!state_->workers.empty()) {
        state_->workers.pop_back();
    }
}

asio::any_io_executor server::get_executor() const { return state_->executor(); }

asio::ip::tcp::endpoint server::local_endpoint() const {
    return state_->listening->local_endpoint();
}

std::size_t server::connections() const noexcept { return state_->connections; }

void server::reload_tls() { state_->encryption_there().reload(); }

void server::reload_tls_on_hangup() {
    static_cast<void>(state_->encryption_there());
    state_->hangups = std::make_unique<asio::signal_set>(get_executor(), SIGHUP);
    state_->reload_on_hangup();
}

void server::on_shutdown(std::function<void()> hook) { state_->hook = std::move(hook); }

void server::shutdown_on_signals(std::chrono::milliseconds deadline) {
    state_->signals = std::make_unique<asio::signal_set>(get_executor(), SIGINT, SIGTERM);
    state_->signals->async_wait(
        [whole = std::weak_ptr{state_}, deadline](boost::system::error_code error, int) {
            if (const auto there = error ? nullptr : whole.lock()) {
                there->shutdown(deadline);
            }
        });
}

void server::run(handler handle) {
    if (state_->is_on_programs_context) {
        throw std::logic_error{
            "this server is on the program's context: call start, and run the context"};
    }
    state_->handle = std::move(handle);
    std::vector<std::jthread> threads;
    for (const auto& each : state_->workers) {
        if (!state_->ending) {
            each->start_accepting();
        }
        if (each != state_->workers.front()) {
            threads.emplace_back([&each] { each->run(); });
        }
    }
    state_->workers.front()->run();
}

void server::start(handler handle) {
    if (!state_->is_on_programs_context) {
        throw std::logic_error{"this server has threads of its own: call run"};
    }
    if (std::exchange(state_->has_begun, true)) {
        throw std::logic_error{"this server has begun already"};
    }
    state_->handle = std::move(handle);
    if (!state_->ending) {
        state_->workers.front()->start_accepting();
    }
}

void server::shutdown(std::chrono::milliseconds deadline) noexcept { state_->shutdown(deadline); }

} // namespace crier
