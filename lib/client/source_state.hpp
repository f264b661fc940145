#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/client/options.hpp>
#include <crier/wire/event.hpp>
#include <crier/wire/parser.hpp>

#include "backoff.hpp"
#include "connection.hpp"
#include "flow.hpp"
#include "receive_queue.hpp"
#include "request.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// Behind an `event_source`: a coroutine that makes one connection after the other and fills a
/// queue, from which another one receives.
class source_state : public std::enable_shared_from_this<source_state> {
public:
    source_state(
        const boost::asio::any_io_executor& executor, http_url url, event_source_options options);

    void start();
    /// Needs no memory.
    void close() noexcept;
    void reconnect();

    /// Nobody observes any more what becomes of the stream.
    void forget_observers() noexcept { observe_.reset(); }

    static boost::asio::awaitable<event> receive(std::shared_ptr<source_state> from);

    const boost::asio::any_io_executor& get_executor() const noexcept {
        return queue_.get_executor();
    }
    ready_state state() const noexcept { return state_; }
    const std::string& last_event_id() const noexcept { return parser_.last_event_id(); }

private:
    /// Why a connection has ended.
    struct ending {
        boost::system::error_code reason;
        std::string message;
        bool for_good = false;
        std::optional<std::chrono::milliseconds> retry_after{};
    };

    static flow<void> run(std::shared_ptr<source_state> self);
    flow<ending> attempt();
    flow<ending> connect_and_read();
    flow<ending> read_stream(connection& from, const http_url& url);
    flow<boost::system::error_code> read_events(std::string_view bytes);
    void add(const event_view& next);
    flow<void> wait_after(const ending& why);
    void finish(const ending& why);
    void finish(std::exception_ptr why, boost::system::error_code reason,
        std::string_view message) noexcept;
    void leave() noexcept;
    void cancel_on_executor() noexcept;
    std::chrono::milliseconds reconnection_time() const;
    void announce(const state_change& change) const;

    parser_options options_of_parser();
    std::shared_ptr<boost::asio::ssl::context> tls_for(const http_url& url);

    event_source_options options_;
    std::shared_ptr<const std::function<void(const state_change&)>> observe_;
    request request_;
    parser parser_;
    backoff backoff_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    ready_state state_ = ready_state::connecting;
    bool at_once_ = false;    ///< the next connection is not waited for
    std::string id_before_{}; ///< of the event before the one that is being queued
    // Made before they are needed: leaving must need no memory.
    const std::exception_ptr closed_;
    const std::exception_ptr out_of_memory_;
    small_handler_memory memory_;
    receive_queue queue_;
    boost::asio::cancellation_signal cancellation_;
};

} // namespace crier::detail
