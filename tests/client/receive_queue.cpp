#include <crier/client/detail/receive_queue.hpp>

#include "client/flow.hpp"
#include "support/context.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using crier::errc;
using crier::detail::flow;
using crier::detail::own_executor_on;
using crier::detail::receive_queue;
using crier::test::context;
namespace asio = boost::asio;

namespace {

const auto over = std::make_exception_ptr(std::runtime_error{"over"});

std::shared_ptr<receive_queue> made(context& test, std::size_t events, std::size_t bytes) {
    return std::make_shared<receive_queue>(test.io.get_executor(), events, bytes);
}

flow<void> push_all(receive_queue& to, std::vector<std::string> texts, std::size_t& done) {
    for (const std::string& text : texts) {
        to.add(crier::event_view{text});
        to.wake();
        ++done;
        while (to.is_full()) {
            co_await crier::detail::wait_for(to.taken());
        }
    }
}

asio::awaitable<void> receive_into(
    std::shared_ptr<receive_queue> from, std::vector<std::string>& into) {
    try {
        while (true) {
            const crier::event next = co_await receive_queue::receive(from);
            into.push_back(next.data);
        }
    } catch (const std::exception& error) {
        into.emplace_back(error.what());
    }
}

asio::awaitable<void> receive_one(std::shared_ptr<receive_queue> from) {
    co_await receive_queue::receive(from);
}

} // namespace

TEST_CASE("there is room for so many events, and again once one was taken") {
    context test;
    const auto queue = made(test, 2, 1000);
    std::size_t pushed = 0;
    test.spawn(
        own_executor_on(test.io.get_executor()), push_all(*queue, {"a", "b", "c", "d"}, pushed));
    CHECK(pushed == 2);
    test.spawn(receive_one(queue));
    CHECK(pushed == 3);
    test.spawn(receive_one(queue));
    CHECK(pushed == 4);
    test.spawn(receive_one(queue));
    test.spawn(receive_one(queue));
}

TEST_CASE("there is room for so many bytes, but for one event at least") {
    context test;
    const auto queue = made(test, 100, 10);
    std::size_t pushed = 0;
    test.spawn(own_executor_on(test.io.get_executor()),
        push_all(*queue, {std::string(50, 'x'), "b", "c"}, pushed));
    CHECK(pushed == 2);
    test.spawn(receive_one(queue));
    CHECK(pushed == 3);
}

TEST_CASE("what was pushed is taken before the end is told, and then always the end") {
    context test;
    const auto queue = made(test, 10, 1000);
    std::vector<std::string> taken;
    queue->add(crier::event_view{"a"});
    queue->wake();
    queue->end(over, errc::stream_ended);
    test.spawn(receive_into(queue, taken));
    test.spawn(receive_into(queue, taken));
    CHECK(taken == std::vector<std::string>{"a", "over", "over"});
}

TEST_CASE("who receives is woken by the end") {
    context test;
    const auto queue = made(test, 10, 1000);
    std::vector<std::string> taken;
    test.spawn(receive_into(queue, taken));
    queue->end(over, errc::stream_ended);
    test.run();
    CHECK(taken.empty());
    queue->wake();
    test.run();
    CHECK(taken == std::vector<std::string>{"over"});
}

TEST_CASE("an abandoned queue is empty, and who receives is told later") {
    context test;
    const auto queue = made(test, 1, 1000);
    std::vector<std::string> taken;
    test.spawn(receive_into(queue, taken));
    queue->end(over, errc::stream_ended);
    queue->abandon();
    CHECK(taken.empty());
    test.run();
    CHECK(taken.size() == 1);
    test.spawn(receive_into(queue, taken));
    CHECK(taken.size() == 2);
    CHECK(taken.back() == "over");
}

TEST_CASE("the last event id is that of the last event that was added, or one that came alone") {
    context test;
    const auto queue = made(test, 10, 1000);
    queue->set_last_event_id("1");
    CHECK(queue->last_event_id() == "1");
    queue->add(crier::event_view{crier::event{.data = "a", .id = "2"}});
    test.spawn(receive_one(queue));
    CHECK(queue->last_event_id() == "2");
    queue->set_last_event_id("3");
    CHECK(queue->last_event_id() == "3");
}
