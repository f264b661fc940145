// The example in the comment of event_source, which ends here.

#include <crier/client/event_source.hpp>

#include "support/context.hpp"
#include "support/scripted_server.hpp"

#include <doctest/doctest.h>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> follow(crier::event_source& source, std::string& seen) {
    const auto use = [&seen](const crier::event& next) { seen += next.data; };
    while (seen != "ab") {
        crier::event next = co_await source.receive();
        use(next);
    }
}

} // namespace

TEST_CASE("event_source") {
    crier::test::context test;
    crier::test::scripted_server server{test.io};
    server.stream("data: a\n\ndata: b\n\n", crier::test::then::hold);
    crier::event_source source{test.io.get_executor(), server.url("/events")};
    std::string seen;
    test.spawn(follow(source, seen));
    CHECK(test.run_until([&] { return seen == "ab"; }));
}
