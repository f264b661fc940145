#include "client/connect.hpp"

#include <crier/wire/errc.hpp>

#include "support/context.hpp"
#include "support/inherited_descriptors.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <poll.h>
#include <sys/socket.h>

using crier::clock;
using crier::errc;
using crier::detail::connect_schedule;
using crier::detail::connect_to_any;
using crier::detail::flow;
using crier::detail::interleaved;
using crier::detail::own_executor_on;
using crier::test::context;
using tcp = boost::asio::ip::tcp;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

tcp::endpoint six(unsigned short port) { return {asio::ip::address_v6::loopback(), port}; }
tcp::endpoint four(unsigned short port) { return {asio::ip::address_v4::loopback(), port}; }

constexpr auto start = clock::time_point{1h};

struct outcome {
    boost::system::error_code error;
    tcp::endpoint peer;
    bool is_inherited = false; ///< by a program that is started meanwhile
    bool over = false;
};

flow<void> connect_into(
    outcome& result, std::vector<tcp::endpoint> endpoints, clock::duration longest) {
    try {
        tcp::socket socket = co_await connect_to_any(std::move(endpoints), clock::now() + longest);
        result.peer = socket.remote_endpoint();
        result.is_inherited =
            crier::test::inherited_descriptors().find(
                crier::test::named_descriptor(socket.native_handle())) != std::string::npos;
    } catch (const boost::system::system_error& error) {
        result.error = error.code();
    }
    result.over = true;
}

/// An address that takes connections but never completes one: its queue is full.
class full_listener {
public:
    explicit full_listener(asio::io_context& io) : acceptor_{io} {
        acceptor_.open(tcp::v4());
        acceptor_.bind(four(0));
        acceptor_.listen(0);
        while (true) {
            waiting_.emplace_back(io);
            waiting_.back().open(tcp::v4());
            waiting_.back().native_non_blocking(true);
            const tcp::endpoint here = acceptor_.local_endpoint();
            ::connect(
                waiting_.back().native_handle(), here.data(), static_cast<socklen_t>(here.size()));
            pollfd writable{waiting_.back().native_handle(), POLLOUT, 0};
            if (::poll(&writable, 1, 200) == 0) {
                return;
            }
        }
    }

    tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    tcp::acceptor acceptor_;
    std::vector<tcp::socket> waiting_;
};

} // namespace

TEST_CASE("addresses are tried by turns of their family, the first one's first") {
    CHECK(interleaved({}).empty());
    CHECK(interleaved({six(1), six(2), four(3), four(4), four(5)}) ==
          std::vector{six(1), four(3), six(2), four(4), four(5)});
    CHECK(interleaved({four(1), six(2), six(3), six(4)}) ==
          std::vector{four(1), six(2), six(3), six(4)});
    CHECK(interleaved({four(1), four(2)}) == std::vector{four(1), four(2)});
    CHECK(interleaved({four(1), four(2), six(3)}) == std::vector{four(1), six(3), four(2)});
}

TEST_CASE("the next address is tried when none has answered for a while") {
    connect_schedule schedule{3, start};
    CHECK(schedule.due(start) == 0);
    CHECK_FALSE(schedule.due(start));
    CHECK(schedule.next() == start + 250ms);
    CHECK_FALSE(schedule.due(start + 249ms));
    CHECK(schedule.due(start + 250ms) == 1);
    CHECK(schedule.due(start + 500ms) == 2);
    CHECK_FALSE(schedule.due(start + 10s));
    CHECK(schedule.next() == clock::time_point::max());
    CHECK_FALSE(schedule.is_over());
}

TEST_CASE("the next address is tried as soon as one has failed") {
    connect_schedule schedule{2, start};
    schedule.due(start);
    schedule.failed(start + 10ms);
    CHECK(schedule.next() == start + 10ms);
    CHECK(schedule.due(start + 10ms) == 1);
    CHECK_FALSE(schedule.is_over());
    schedule.failed(start + 20ms);
    CHECK(schedule.is_over());
}

TEST_CASE("no address at all is over before it begins") {
    CHECK(connect_schedule{0, start}.is_over());
}

TEST_CASE("an address that refuses makes way for the next one at once") {
    context test;
    tcp::acceptor there{test.io, four(0)};
    tcp::endpoint refusing;
    {
        const tcp::acceptor gone{test.io, four(0)};
        refusing = gone.local_endpoint();
    }
    outcome result;
    test.spawn(own_executor_on(test.io.get_executor()),
        connect_into(result, {refusing, there.local_endpoint()}, 10s));
    CHECK(test.run_until([&] { return result.over; }));
    CHECK(result.peer == there.local_endpoint());
}

TEST_CASE(
    "where a name has ::1 too, and nothing listens there, 127.0.0.1 is connected to at once") {
    context test;
    tcp::acceptor there{test.io, four(0)};
    const unsigned short port = there.local_endpoint().port();
    outcome result;
    test.spawn(own_executor_on(test.io.get_executor()),
        connect_into(result, {six(port), four(port)}, 10s));
    CHECK(test.run_until([&] { return result.over; })); // the clock stands still
    CHECK(result.peer == there.local_endpoint());
}

TEST_CASE("a program that is started does not inherit a client's connection") {
    context test;
    tcp::acceptor there{test.io, four(0)};
    outcome result;
    result.is_inherited = true;
    test.spawn(own_executor_on(test.io.get_executor()),
        connect_into(result, {there.local_endpoint()}, 10s));
    CHECK(test.run_until([&] { return result.over; }));
    CHECK_FALSE(result.is_inherited);
}

TEST_CASE("where all refuse, the first one's error is told") {
    context test;
    tcp::endpoint refusing;
    {
        const tcp::acceptor gone{test.io, four(0)};
        refusing = gone.local_endpoint();
    }
    outcome result;
    test.spawn(
        own_executor_on(test.io.get_executor()), connect_into(result, {refusing, refusing}, 10s));
    CHECK(test.run_until([&] { return result.over; }));
    CHECK(result.error == asio::error::connection_refused);
}

TEST_CASE("an address that is silent is overtaken by the next one") {
    context test;
    const full_listener silent{test.io};
    tcp::acceptor there{test.io, four(0)};
    outcome result;
    test.spawn(own_executor_on(test.io.get_executor()),
        connect_into(result, {silent.endpoint(), there.local_endpoint()}, 10s));
    test.run();
    CHECK_FALSE(result.over);
    test.advance(250ms);
    CHECK(test.run_until([&] { return result.over; }));
    CHECK(result.peer == there.local_endpoint());
}

TEST_CASE("the deadline ends all attempts") {
    context test;
    const full_listener silent{test.io};
    outcome result;
    test.spawn(own_executor_on(test.io.get_executor()),
        connect_into(result, {silent.endpoint(), silent.endpoint()}, 10s));
    test.advance(9s);
    CHECK_FALSE(result.over);
    test.advance(1s);
    CHECK(test.run_until([&] { return result.over; }));
    CHECK(result.error == errc::connect_timeout);
}
