// Whatever allocation fails while a handler's work runs: the work never outlives its handler, and
// both end.

#include <crier/http/exchange.hpp>

#include "support/served_stream.hpp"
#include "support/sweep.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

using crier::exchange;
using crier::stream_writer;
using crier::test::client;
using crier::test::context;
using crier::test::failing;
using crier::test::failing_part;
using crier::test::get;
using crier::test::run_on;
using crier::test::sweep;
using crier::test::tcp;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// How many are in a scope.
struct inside {
    explicit inside(int& in) : count{in} { ++count; }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;
    ~inside() { --count; }

    int& count;
};

/// A connection whose handler has work done for it, either before its answer or in its stream.
struct working {
    context test;
    tcp::acceptor acceptor{test.io, {asio::ip::address_v4::loopback(), 0}};
    client peer{acceptor.local_endpoint().port()};
    exchange::socket_type socket{acceptor.accept()};
    exchange request{socket, get("/"), 1s};
    crier::signal may_end{test.io.get_executor()};
    int handlers = 0;
    int works = 0;
    bool is_outlived = false;
    int results = 0;

    asio::awaitable<int> work() {
        const inside here{works};
        boost::system::error_code error;
        co_await may_end.async_wait(asio::redirect_error(asio::use_awaitable, error));
        co_return 1;
    }

    struct at_end {
        working& of;
        ~at_end() { of.is_outlived = of.is_outlived || of.works > 0; }
    };

    asio::awaitable<void> handle(bool in_stream) {
        const inside here{handlers};
        const at_end checked{*this};
        if (in_stream) {
            stream_writer out{socket, 11, socket.get_executor()};
            co_await out.write_headers();
            asio::awaitable<int> result = out.while_connected(work());
            results += co_await std::move(result);
        } else {
            asio::awaitable<int> result = request.while_connected(work());
            results += co_await std::move(result);
        }
    }
};

long sweep_work(bool in_stream, bool leaves) {
    CAPTURE(in_stream);
    CAPTURE(leaves);
    const long swept = sweep(failing::once, [&](failing_part& part) {
        working with;
        part([&] {
            asio::co_spawn(with.test.io, with.handle(in_stream), [](const std::exception_ptr&) {});
            run_on(with.test.io);
            if (leaves) {
                with.peer.socket.close();
            } else {
                with.may_end.set();
            }
            run_on(with.test.io);
        });
        with.peer.socket.close();
        run_on(with.test.io);
        CHECK(with.handlers == 0);
        CHECK(with.works == 0);
        CHECK_FALSE(with.is_outlived);
        CHECK(with.results == (part.has_failed() ? with.results : leaves ? 0 : 1));
    });
    return swept;
}

} // namespace

TEST_CASE("work ends with its handler, and no later, whatever allocation fails") {
    for (const bool in_stream : {false, true}) {
        for (const bool leaves : {false, true}) {
            CHECK(sweep_work(in_stream, leaves) > 0);
        }
    }
}
