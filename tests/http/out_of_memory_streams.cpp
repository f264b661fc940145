// Whatever allocation fails while a stream is served: it goes on, or it ends and the client
// resumes; no event is lost or told twice, and another client does not notice.

#include <crier/http/stream_writer.hpp>

#include "support/event_reader.hpp"
#include "support/left_streams.hpp"
#include "support/sweep.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using crier::manager;
using crier::test::client;
using crier::test::context;
using crier::test::event_reader;
using crier::test::failing;
using crier::test::failing_part;
using crier::test::get;
using crier::test::left_streams;
using crier::test::request_type;
using crier::test::run_on;
using crier::test::sweep;
using crier::test::tcp;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

crier::manager_options with_history() {
    crier::manager_options options;
    options.heartbeat_interval = 10s;
    options.rules.push_back({.matches = crier::exactly("news"), .history = {.events = 100}});
    options.log = [](crier::severity, std::string_view) {};
    return options;
}

/// One connection of a client. Its stream is over when the server has closed it.
struct connection {
    connection(asio::io_context& io, std::string last_event_id)
        : acceptor{io, {asio::ip::address_v4::loopback(), 0}},
          peer{acceptor.local_endpoint().port()},
          socket{acceptor.accept()},
          request{get("/news")} {
        if (!last_event_id.empty()) {
            request.set("Last-Event-ID", last_event_id);
        }
    }

    std::string last_event_id() const { return std::string{request["Last-Event-ID"]}; }

    tcp::acceptor acceptor;
    client peer;
    crier::exchange::socket_type socket;
    request_type request;
};

/// Closes the connection where its handler ends, whatever ends it.
struct closing {
    connection& at;
    ~closing() { at.socket.close(); }
};

// The ways of serving a stream. Each allocates as a server does.

struct by_serve {
    explicit by_serve(context& in) : test{in} {}

    void operator()(connection& at, manager& events) {
        asio::co_spawn(test.io, serve(at, events), [](const std::exception_ptr&) {});
    }

    asio::awaitable<void> serve(connection& at, manager& events) const {
        const closing at_end{at};
        crier::serve_options options = crier::test::topic("news");
        options.on_gap = on_gap;
        asio::awaitable<crier::end_reason> serving =
            crier::serve(at.socket, at.request, events, std::move(options));
        co_await std::move(serving);
    }

    context& test;
    decltype(crier::serve_options::on_gap) on_gap{};
};

struct by_server {
    explicit by_server(context& in) : streams{in.io} {}

    void operator()(connection& at, manager& events) {
        try {
            streams.begin(
                at.socket, crier::head_of(at.request), events, crier::test::topic("news"));
        } catch (...) {
            at.socket.close();
            throw;
        }
    }

    left_streams streams;
};

struct by_writer {
    explicit by_writer(context& in) : test{in} {}

    void operator()(connection& at, manager& events) {
        asio::co_spawn(test.io, write(at, events), [](const std::exception_ptr&) {});
    }

    static asio::awaitable<void> write(connection& at, manager& events) {
        const closing at_end{at};
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        crier::subscribe_options options;
        options.executor = executor;
        options.last_event_id = at.last_event_id();
        crier::subscription news = events.subscribe("news", options);
        crier::writer_options writing;
        writing.heartbeat_interval = 10s;
        crier::stream_writer out{at.socket, 11, executor, writing};
        co_await out.write_headers();
        bool goes_on = true;
        while (goes_on) {
            while (auto next = news.try_receive()) {
                crier::frame written = std::move(*next);
                co_await out.write(std::move(written));
            }
            goes_on = co_await out.wait(news.get_signal());
        }
        co_await out.finish();
    }

    context& test;
};

/// Stands for an event that was told as missing.
constexpr std::string_view missing = "?";

/// A client that comes back with its last event id when its stream has ended.
template <class Way>
class visitor {
public:
    visitor(context& test, manager& events, Way& way, std::string last_event_id = {})
        : test_{test}, events_{events}, way_{way}, last_event_id_{std::move(last_event_id)} {
        connect();
    }

    void connect() { at_ = std::make_unique<connection>(test_.io, last_event_id_); }
    void begin() { way_(*at_, events_); }

    /// Reads what has come, and comes back where the stream has ended.
    void read() {
        for (bool is_over = true; is_over;) {
            run_on(test_.io);
            bytes_ += at_->peer.read_available();
            is_over = at_->peer.at_end;
            if (is_over) {
                take();
                connect();
                begin();
            }
        }
    }

    /// Whether the event has come, in a stream that goes on.
    bool is_told(std::string_view data) const {
        return bytes_.find("data: " + std::string{data}) != bytes_.npos;
    }

    void leave() {
        read();
        take();
        at_->peer.socket.close();
        run_on(test_.io);
    }

    std::vector<std::string> read_events;
    int streams = 0;

private:
    /// What a stream held; what is not whole is not taken.
    void take() {
        const std::size_t body = bytes_.find("\r\n\r\n");
        if (body != bytes_.npos) {
            ++streams;
            CHECK(bytes_.starts_with("HTTP/1.1 200"));
            const event_reader stream{whole_chunks(std::string_view{bytes_}.substr(body + 4))};
            for (const auto& each : stream.events) {
                const bool is_gap = each.type == "crier.gap";
                read_events.insert(read_events.end(), is_gap ? missing_in(each.data) : 1,
                    is_gap ? std::string{missing} : each.data);
            }
            if (!stream.last_event_id.empty()) {
                last_event_id_ = stream.last_event_id;
            }
        }
        bytes_.clear();
    }

    static std::size_t missing_in(std::string_view gap) {
        const boost::json::value told = boost::json::parse(gap);
        const auto* const count = told.as_object().if_contains("count");
        return count == nullptr ? 1 : count->to_number<std::size_t>();
    }

    static std::string whole_chunks(std::string_view body) {
        std::string bytes;
        while (body.find("\r\n") != body.npos) {
            const std::size_t size = std::stoul(std::string{body}, nullptr, 16);
            body.remove_prefix(body.find("\r\n") + 2);
            bytes.append(body.substr(0, size));
            body.remove_prefix(std::min(size + 2, body.size()));
        }
        return bytes;
    }

    context& test_;
    manager& events_;
    Way& way_;
    std::unique_ptr<connection> at_;
    std::string bytes_;
    std::string last_event_id_;
};

/// What was published.
struct news {
    explicit news(manager& events) : to{events} { texts.reserve(100); }

    void publish() {
        const std::string text{static_cast<char>('a' + texts.size())};
        if (crier::test::attempt([&] { to.publish("news", text).value(); })) {
            texts.push_back(text);
        }
    }

    manager& to;
    std::vector<std::string> texts;
};

/// All from the first one on, in their order; the later two of them were not to be missed.
void check_events(const std::vector<std::string>& got, const std::vector<std::string>& all) {
    REQUIRE(got.size() >= 2);
    REQUIRE(got.size() <= all.size());
    const std::size_t before = all.size() - got.size();
    for (std::size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        const bool may_miss = i + 2 < got.size();
        CHECK((got[i] == all[before + i] || (may_miss && got[i] == missing)));
    }
}

template <class Way>
void check_whole_streams(failing how) {
    const long swept = sweep(how, [](failing_part& part) {
        context test;
        crier::promise_single_thread(test.io);
        {
            manager events{test.io.get_executor(), with_history()};
            Way way{test};
            news all{events};
            visitor<Way> first{test, events, way};
            first.begin();
            first.read();
            all.publish();
            first.read();
            visitor<Way> second{test, events, way};
            // It asks for all that the first one gets.
            bool is_begun = false;
            part([&] {
                is_begun = crier::test::attempt([&] { second.begin(); });
                run_on(test.io);
                for (int i = 0; i < 4; ++i) {
                    all.publish();
                    run_on(test.io);
                }
                test.pass(10s); // heartbeats
                run_on(test.io);
                all.publish();
                all.publish();
                run_on(test.io);
            });
            if (!is_begun) {
                second.connect();
                second.begin();
            }
            first.read();
            second.read();
            all.publish();
            first.read();
            second.read();
            test.pass(10s);
            run_on(test.io);
            all.publish();
            first.leave();
            second.leave();
            CHECK(first.read_events.size() == all.texts.size());
            check_events(first.read_events, all.texts);
            check_events(second.read_events, all.texts);
            CHECK(events.stats().subscribers == 0);
            CHECK(streams_of(events).open == 0);
        }
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

} // namespace

// Once only: where a coroutine cannot be resumed, Asio needs memory to destroy it.

TEST_CASE("a stream that is served goes on or is resumed") {
    check_whole_streams<by_serve>(failing::once);
}

TEST_CASE("a stream that is left to the server goes on or is resumed") {
    check_whole_streams<by_server>(failing::once);
}

TEST_CASE("a stream that a handler writes goes on or is resumed") {
    check_whole_streams<by_writer>(failing::once);
}

TEST_CASE("a gap is healed, or told, or the client comes back for it") {
    const long swept = sweep(failing::once, [](failing_part& part) {
        context test;
        crier::promise_single_thread(test.io);
        crier::manager_options options = with_history();
        options.rules[0].history.events = 1;
        manager events{test.io.get_executor(), options};
        const auto first = events.publish("news", "a");
        events.publish("news", "b");
        events.publish("news", "c");
        crier::timer slow{test.io, 1s};
        by_serve way{test};
        way.on_gap = [&slow](const crier::gap&) -> asio::awaitable<std::vector<crier::event>> {
            boost::system::error_code ignored;
            co_await slow.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            std::vector<crier::event> made(1);
            made[0].data = "snapshot";
            co_return made;
        };
        visitor<by_serve> back{test, events, way, to_string(first.value())};
        bool is_begun = false;
        part([&] {
            is_begun = crier::test::attempt([&] { back.begin(); });
            run_on(test.io);
            test.pass(1s);
            run_on(test.io);
        });
        if (!is_begun) {
            back.connect();
            back.begin();
        }
        back.read();
        test.pass(1s);
        back.read();
        CHECK(back.is_told("c"));
        events.publish("news", "d");
        back.leave();
        const std::vector<std::string>& got = back.read_events;
        REQUIRE(got.size() == 3);
        CHECK((got[0] == "snapshot" || got[0] == missing));
        CHECK(got[1] == "c");
        CHECK(got[2] == "d");
        CHECK(streams_of(events).open == 0);
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}
