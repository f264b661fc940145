#pragma once

#include <crier/async/single_thread.hpp>
#include <crier/pubsub/manager.hpp>

#include "handlers.hpp"
#include "http/connection.hpp"
#include "http/connection_transport.hpp"
#include "http/handling.hpp"
#include "http/http2_connection.hpp"
#include "http/http2_responder.hpp"
#include "http2_answers.hpp"
#include "http2_sink.hpp"
#include "support/passing_time.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace crier::fuzz {

namespace asio = boost::asio;

/// A connection of HTTP/2 in memory, and what is behind it.
class http2_world : detail::http2_requests {
public:
    using sink = http2_sink;

    /// What the second byte of the input chooses.
    enum : unsigned {
        ends = 3, ///< which of four
        few_streams = 4,
        without_preface = 8,
        with_heartbeats = 16,
        nothing_taken = 32,
    };

    http2_world(unsigned chosen, unsigned how)
        : options_{as(how, options_of(chosen))},
          events_{io_.get_executor(), as(how, events_of(chosen))},
          handlers_{events_, chosen} {
        promise_single_thread(io_);
        publish("/a", "first");
        publish("b", "second");
        to->take((how & nothing_taken) != 0 ? 0 : sink::no_end);
        inside([&] {
            connection_->start();
            if ((how & without_preface) == 0) {
                send(std::string{test::http2_preface} +
                     test::http2_bytes_of(NGHTTP2_SETTINGS, 0, 0));
            }
        });
    }
    http2_world(const http2_world&) = delete;
    http2_world& operator=(const http2_world&) = delete;
    ~http2_world() = default;

    /// Does something on the context, where all that belongs to it happens, and what that brings.
    template <class Work>
    void inside(Work work) {
        asio::post(io_, work);
        run();
    }

    void send(std::string_view bytes) {
        answers_.sent(bytes);
        const std::size_t most = pieces == 0 ? bytes.size() : pieces;
        while (!bytes.empty()) {
            connection_->receive(bytes.substr(0, most));
            bytes.remove_prefix(std::min(most, bytes.size()));
        }
    }

    void run() {
        constexpr std::size_t most = 200'000;
        std::size_t done = 0;
        std::size_t handlers = 0;
        do {
            require(done < most, "what waits does not spin");
            io_.restart();
            handlers = io_.poll_one();
            done += handlers;
        } while (handlers > 0);
    }

    void answer_pings() {
        for (const std::string& each : answers_.take_pings()) {
            send(test::http2_bytes_of(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, each));
        }
    }

    void pass(clock::duration by) { time_.pass(by); }

    void publish(std::string_view topic, const std::string& text) {
        static_cast<void>(events_.publish(topic, text));
    }

    void drain() {
        shutdown_.request_stop();
        connection_->drain();
    }
    void end_streams() { events_.shutdown(); }

    void cancel_handlers() {
        for (auto next = handling_.begin(); next != handling_.end();) {
            (next++)->emit(asio::cancellation_type::terminal);
        }
    }

    /// However it ends, nothing is left of it.
    void end(unsigned how) {
        switch (how & ends) {
        case 0: inside([&] { connection_->close(asio::error::eof); }); break;
        case 1: end_by_silence(); break;
        case 2: end_by_shutdown(); break;
        default:
            inside([&] {
                cancel_handlers();
                streams_.cut();
            });
            inside([&] { connection_->close(asio::error::operation_aborted); });
        }
        require(connection_->is_over() && is_over_, "a connection ends");
        require(to->is_cancelled(), "nothing is awaited after the end");
        require(handling_.empty(), "handlers end with their connection");
        require(streams_.empty(), "streams end with their connection");
        require(events_.stats().subscribers == 0, "nobody listens after the end");
        require(to->was_blocked() || answers_.is_whole(), "the last frame is whole");
        const std::weak_ptr<detail::http2_connection> left = connection_;
        connection_.reset();
        require(left.expired(), "a connection is given back");
    }

private:
    http2_answers answers_;

public:
    const std::shared_ptr<sink> to = std::make_shared<sink>(answers_);
    std::size_t pieces = 0; ///< in which the server gets what is sent; 0: whole

private:
    static server_options as(unsigned how, server_options options) {
        options.http2->streams = (how & few_streams) != 0 ? 2 : 100;
        return options;
    }
    static manager_options as(unsigned how, manager_options options) {
        if ((how & with_heartbeats) != 0) {
            options.heartbeat_interval = std::chrono::seconds{10};
        }
        return options;
    }

    void end_by_silence() {
        // Until the end of a request, of a stream by the PING that is not answered, of the
        // connection.
        const auto longest = options_.header_timeout + 2 * options_.http2->ping_interval +
                             options_.idle_timeout + options_.response_timeout;
        for (std::chrono::milliseconds passed{0}; passed <= longest && !is_over_;) {
            constexpr std::chrono::seconds step{5};
            pass(step);
            passed += step;
            run();
        }
        require(is_over_, "a silent client is given up");
    }

    void end_by_shutdown() {
        inside([&] {
            to->take(sink::no_end);
            drain();
            end_streams();
        });
        inside([&] { answer_pings(); });
        if (!is_over_) {
            end_by_silence();
        }
    }

    // --- requests ---

    void begin(std::shared_ptr<detail::http2_stream> on, request asked) noexcept override {
        require(!is_over_, "no request begins after the end");
        const auto which = handling_.emplace(handling_.end());
        asio::co_spawn(io_, answer(std::move(on), std::move(asked)),
            asio::bind_cancellation_slot(
                which->slot(), [this, which](const std::exception_ptr& failure) {
                    handling_.erase(which);
                    detail::log_unless_gone(
                        [](severity, std::string_view line) {
                            require(false, "a request does not fail", line);
                        },
                        "", failure);
                }));
    }

    void changed(bool /*is_idle*/) noexcept override {}

    void is_over() noexcept override {
        require(!std::exchange(is_over_, true), "an end is told once");
    }

    asio::awaitable<void> answer(std::shared_ptr<detail::http2_stream> on, request asked) {
        detail::http2_responder to_client{std::move(on), transport_};
        if (auto* const refused = std::get_if<detail::refused_request>(&asked)) {
            co_await detail::send_refusal(to_client, *refused, options_);
            co_return;
        }
        auto& taken = std::get<std::unique_ptr<detail::received>>(asked);
        asio::awaitable<bool> handling =
            detail::handle_request(to_client, std::move(taken), context_);
        co_await std::move(handling);
    }

    asio::awaitable<void> handle(exchange& handled) {
        const auto& message = handled.request();
        require(message.version() == 20 && message.count("host") == 1, "a request has a host");
        require(message.body().size() <= options_.body_bytes, "a body within its limit");
        if (handled.path() == "/large") {
            constexpr std::size_t size = 100'000;
            std::string text(size, 'l');
            co_await handled.respond(boost::beast::http::status::ok, std::move(text));
        } else if (handled.path() == "/while") {
            asio::awaitable<void> endless = wait_for_ever();
            co_await handled.while_connected(std::move(endless));
        } else {
            asio::awaitable<void> handling = handlers_(handled);
            co_await std::move(handling);
        }
    }

    asio::awaitable<void> wait_for_ever() {
        timer never{io_};
        never.expires_at(clock::time_point::max());
        co_await never.async_wait(asio::use_awaitable);
    }

    asio::io_context io_{1};
    test::passing_time time_{io_};
    const server_options options_;
    manager events_;
    const handlers handlers_;
    const server::handler handle_ = [this](exchange& handled) { return handle(handled); };
    std::atomic<std::size_t> connections_{1};
    detail::detached_streams streams_{io_.get_executor(), options_.log, connections_, [] {}};
    const std::shared_ptr<detail::alarms> alarms_ =
        std::make_shared<detail::alarms>(io_.get_executor());
    std::stop_source shutdown_;
    const clock::time_point no_end_ = clock::time_point::max();
    detail::request_context context_{
        options_, handle_, streams_, alarms_, shutdown_.get_token(), no_end_};
    detail::stream_socket socket_{io_};
    detail::connection_stream stream_{socket_};
    detail::connection_transport transport_{stream_};
    std::list<asio::cancellation_signal> handling_;
    bool is_over_ = false;
    std::shared_ptr<detail::http2_connection> connection_ =
        std::make_shared<detail::http2_connection>(
            io_.get_executor(), to, alarms_, options_, static_cast<detail::http2_requests&>(*this));
};

} // namespace crier::fuzz
