#include <crier/async/single_thread.hpp>
#include <crier/http/server.hpp>
#include <crier/pubsub/manager.hpp>

#include "answers.hpp"
#include "async/durations.hpp"
#include "async/test_clock.hpp"
#include "handlers.hpp"
#include "http/connection.hpp"
#include "input.hpp"
#include "require.hpp"
#include "support/loopback.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The server's side of a connection, from its bytes to its bytes: reading, the gate, the body, what
// a handler can do, streams.

using crier::exchange;
using crier::head_of;
using crier::fuzz::answer;
using crier::fuzz::pieces;
using crier::fuzz::require;
using namespace crier::fuzz::choice;
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t epoch_size = 8;

/// A stream's client that sends more than this has its stream cut, at a place that hangs on what
/// had come before the stream began.
constexpr std::size_t most_alike = 4096;

/// Takes a few bytes at a time.
class text_sink final : public crier::sink {
public:
    std::string text;

    std::size_t write_some(buffers bytes, boost::system::error_code& /*error*/) override {
        constexpr std::size_t most = 7;
        const std::size_t size = std::min(bytes[0].size(), most);
        text.append(static_cast<const char*>(bytes[0].data()), size);
        return size;
    }
    void watch_peer() override {}
    void cancel() override {}
    void limit_buffering(std::size_t /*bytes*/, std::chrono::milliseconds /*longest*/) override {}
};

/// What is to be the same however the bytes of a client come.
struct outcome {
    std::vector<answer> answers;
    std::vector<std::string> handled;
    std::vector<std::string> sunk;

    std::string text() const {
        std::string all;
        for (const std::string& each : handled) {
            all += "handled: " + each + "\n";
        }
        for (const answer& each : answers) {
            all += "answer:\n" + each.bytes + "\n";
        }
        for (const std::string& each : sunk) {
            all += "sunk:\n" + each + "\n";
        }
        return all;
    }
};

crier::server_options timeless_options_of(unsigned chosen) {
    crier::server_options options = crier::fuzz::options_of(chosen);
    options.header_timeout = options.idle_timeout = options.response_timeout = crier::detail::never;
    return options;
}

/// A connection in memory, and what is behind it.
class world {
public:
    explicit world(unsigned chosen) : options_{timeless_options_of(chosen)} {
        crier::promise_single_thread(io_);
        int ends[2];
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "a socket pair");
        client_ = ends[0];
        asio::ip::tcp::socket socket{io_};
        socket.assign(asio::ip::tcp::v4(), ends[1]);
        context_.is_one_too_many = (chosen & too_many) != 0;
        // So that what hangs on an id's length is the same each time.
        for (epoch_.clear(); epoch_.size() != epoch_size;) {
            events_ = std::make_unique<crier::manager>(
                io_.get_executor(), crier::fuzz::events_of(chosen));
            const std::string id = to_string(events_->publish("/a", "first").value());
            epoch_ = id.substr(0, id.find('.'));
        }
        events_->publish("/a", "second", {.type = "t"}).value();
        events_->publish("b", crier::event{.data = "third", .id = "own"}).value();
        handlers_.emplace(*events_, chosen);
        asio::co_spawn(io_, crier::detail::run_connection(std::move(socket), context_),
            [this](const std::exception_ptr& failure) { ended(failure); });
    }
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world() {
        events_.reset();
        ::close(client_);
    }

    const std::string& epoch() const { return epoch_; }

    /// Of all bytes of a client that then waits for the end of the streams, and leaves.
    outcome talk(const pieces& bytes) {
        run();
        for (const std::string_view piece : bytes) {
            send(piece);
        }
        events_->publish("/a", "last").value();
        run();
        events_->shutdown();
        run();
        ::shutdown(client_, SHUT_WR);
        run();
        require(is_over_ && streams_.empty(), "a connection ends when its client has left");
        read_answers();
        return std::move(outcome_);
    }

private:
    asio::awaitable<void> handle(exchange& request) {
        require_admitted(request);
        const auto& message = request.request();
        is_for_head_.push_back(message.method() == http::verb::head);
        outcome_.handled.push_back(
            without_epoch(std::string{message.method_string()} + ' ' +
                          std::string{message.target()} + ' ' + message.body()));
        return request.path() == "/sink" ? serve_in_memory(request) : (*handlers_)(request);
    }

    asio::awaitable<void> serve_in_memory(exchange& request) {
        const auto made = std::make_shared<text_sink>();
        crier::sink_maker make = [made](const asio::any_io_executor&) { return made; };
        asio::awaitable<crier::end_reason> serving = crier::serve(
            std::move(make), head_of(request.request()), *events_, handlers_->options());
        co_await std::move(serving);
        std::string_view text = made->text;
        require(crier::fuzz::take_answer(text, is_for_head_.back()) && text.empty(),
            "a sink gets one response", made->text);
        outcome_.sunk.push_back(without_epoch(made->text));
        co_await request.respond(http::status::ok);
    }

    /// Reads again what the gate has let pass.
    void require_admitted(const exchange& request) const {
        const auto& message = request.request();
        const std::string target{message.target()};
        require(!context_.is_one_too_many, "one too many gets no further");
        require(message.version() == 10 || message.version() == 11, "a known version");
        require(!target.empty() &&
                    std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7F'; }),
            "a clean target", target);
        require(message.count(http::field::host) == 1 ||
                    (message.version() == 10 && message.count(http::field::host) == 0),
            "one host");
        const auto lengths = message.count(http::field::content_length);
        const auto codings = message.count(http::field::transfer_encoding);
        require(lengths + codings <= 1, "one length");
        require(codings == 0 || message.version() == 11, "no coding in HTTP/1.0");
        require(message.body().size() <= options_.body_bytes, "a body within its limit");
        if (lengths == 1) {
            require(std::stoull(std::string{message[http::field::content_length]}) ==
                        message.body().size(),
                "a body of its length");
        }
        std::size_t fields = 0;
        for (const auto& field : message) {
            ++fields;
            require(std::ranges::none_of(field.value(),
                        [](char c) {
                            return (static_cast<unsigned char>(c) < ' ' && c != '\t') ||
                                   c == '\x7F';
                        }),
                "a clean field", field.value());
        }
        require(fields <= options_.limits.header_fields, "no more fields than allowed");
    }

    void ended(const std::exception_ptr& failure) {
        is_over_ = true;
        try {
            if (failure) {
                std::rethrow_exception(failure);
            }
        } catch (const boost::system::system_error&) {
            // As at a client that has gone.
        } catch (const std::exception& error) {
            require(false, "a connection does not fail", error.what());
        }
    }

    void send(std::string_view piece) {
        while (!piece.empty()) {
            const ssize_t sent = ::send(client_, piece.data(), piece.size(), MSG_NOSIGNAL);
            run();
            if (sent <= 0) {
                return; // nobody reads any more
            }
            sent_ += static_cast<std::size_t>(sent);
            piece.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void run() {
        do {
            io_.restart();
        } while (io_.poll() > 0);
        std::array<char, 4096> bytes; // NOLINT(*-member-init)
        ssize_t size = 0;
        while ((size = ::recv(client_, bytes.data(), bytes.size(), 0)) > 0) {
            received_.append(bytes.data(), static_cast<std::size_t>(size));
            do {
                io_.restart();
            } while (io_.poll() > 0);
        }
    }

    void read_answers() {
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        std::string_view rest = received_;
        bool is_refused = false;
        while (!rest.empty()) {
            if (rest.starts_with(go_on)) {
                rest.remove_prefix(go_on.size());
                continue;
            }
            const std::size_t which = outcome_.answers.size();
            require(outcome_.answers.empty() || !outcome_.answers.back().closes,
                "nothing comes after the last response", received_);
            is_refused = which == outcome_.handled.size();
            const auto next =
                crier::fuzz::take_answer(rest, which < is_for_head_.size() && is_for_head_[which]);
            if (!next && sent_ > most_alike) {
                outcome_.answers.push_back({});
                return; // a stream that was cut, as its client sent so much
            }
            require(next.has_value(), "an answer is a response", received_);
            require(!is_refused || (next->status >= 400 && next->closes),
                "what no handler has seen is refused", received_);
            outcome_.answers.push_back({next->status,
                crier::test::without_date(without_epoch(next->bytes)), next->closes});
        }
        const std::size_t count = outcome_.answers.size();
        require(count == outcome_.handled.size() + (is_refused ? 1 : 0),
            "each request has its answer", received_);
    }

    std::string without_epoch(std::string text) const {
        for (std::size_t at = text.find(epoch_); at != text.npos; at = text.find(epoch_, at)) {
            text.replace(at, epoch_.size(), "________");
        }
        return text;
    }

    const crier::server_options options_;
    asio::io_context io_{1};
    std::unique_ptr<crier::manager> events_;
    std::optional<crier::fuzz::handlers> handlers_;
    const crier::server::handler handle_ = [this](exchange& request) { return handle(request); };
    std::atomic<std::size_t> connections_{1};
    const bool ending_ = false;
    const crier::clock::time_point never_ = crier::clock::time_point::max();
    crier::detail::detached_streams streams_{io_.get_executor(), options_.log, connections_, [] {}};
    crier::detail::handshake_room handshakes_{0};
    const std::shared_ptr<crier::detail::alarms> alarms_ =
        std::make_shared<crier::detail::alarms>(io_.get_executor());
    crier::detail::connection_context context_{
        {options_, handle_, streams_, alarms_, {}, never_}, ending_, nullptr, handshakes_};
    std::string epoch_;
    int client_ = -1;
    bool is_over_ = false;
    std::size_t sent_ = 0;
    std::string received_;
    std::vector<bool> is_for_head_;
    outcome outcome_;
};

/// With the epoch of the events in the place of a mark, so that a client resumes. Elsewhere the
/// mark stays: what is random must not become a chunk's size.
std::string with_epoch(std::string_view stream, const std::string& epoch) {
    std::string result{stream};
    for (const std::string before : {"Last-Event-ID: ", "last_event_id="}) {
        const std::string mark = before + "EPOCHXYZ";
        for (std::size_t at = result.find(mark); at != result.npos; at = result.find(mark, at)) {
            result.replace(at + before.size(), epoch.size(), epoch);
        }
    }
    return result;
}

template <class Cut>
outcome run(std::string_view stream, unsigned chosen, Cut cut) {
    world on{chosen};
    const std::string bytes = with_epoch(stream, on.epoch());
    return on.talk(cut(bytes));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr std::size_t most_single = 250;
    static const bool is_frozen = (crier::detail::test_clock::freeze(), true);
    static_cast<void>(is_frozen);
    if (size < 2) {
        return 0;
    }
    const unsigned chosen = bytes[1];
    const std::string stream =
        crier::fuzz::stretched({reinterpret_cast<const char*>(bytes) + 2, size - 2}, 20'000);
    const std::string whole =
        run(stream, chosen, [](std::string_view all) { return pieces{all}; }).text();
    // One other way is faster than both, of which the seed chooses.
    const unsigned seed = bytes[0];
    const std::string random_pieces =
        seed % 3 == 2 ? whole : run(stream, chosen, [&](std::string_view all) {
            return crier::fuzz::cut(all, seed);
        }).text();
    const std::string small_pieces =
        seed % 3 == 1 ? whole : run(stream, chosen, [](std::string_view all) {
            return crier::test::in_pieces(all, all.size() <= most_single ? 1 : 1 + all.size() / 50);
        }).text();
    if (stream.size() <= most_alike) {
        require(random_pieces == whole, "random pieces give the same", random_pieces + whole);
        require(small_pieces == whole, "small pieces give the same", small_pieces + whole);
    }
    return 0;
}
