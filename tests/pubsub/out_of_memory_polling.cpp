// Whatever allocation fails as somebody subscribes to a topic that is polled, it is polled as soon
// as there is memory.

#include <crier/pubsub/manager.hpp>

#include "support/context.hpp"
#include "support/sweep.hpp"

#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

using crier::manager;
using crier::subscription;
using crier::test::context;
using crier::test::failing_part;
using crier::test::run_on;
using crier::test::sweep;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

crier::manager_options silent() {
    crier::manager_options options;
    options.log = [](crier::severity, std::string_view) {};
    return options;
}

/// A service whose fetches and ends are counted.
struct counted {
    int fetches = 0;
    int ends = 0;
    std::shared_ptr<crier::polling_service> service = crier::polling(
        [this]() -> asio::awaitable<boost::json::value> {
            ++fetches;
            co_return fetches;
        },
        {.interval = 1s, .on_stop = [this]() -> asio::awaitable<void> {
             ++ends;
             co_return;
         }});
};

void pass(context& test, int seconds) {
    for (int i = 0; i < seconds; ++i) {
        test.pass(1s);
        run_on(test.io);
    }
}

} // namespace

TEST_CASE("who cannot subscribe to a topic that is polled may subscribe again") {
    const crier::test::spared_handlers on_a_strand;
    const long swept = sweep([](failing_part& part) {
        context test;
        manager events{test.io.get_executor(), silent()};
        counted polled;
        std::optional<subscription> one;
        std::vector<crier::topic_options> asked{{.name = "t", .polling = polled.service}};
        part([&] { one.emplace(events.subscribe(std::move(asked))); });
        run_on(test.io);
        // It may have begun with the subscriber that came no further, and has ended with it.
        CHECK(polled.fetches - polled.ends == (one ? 1 : 0));
        if (!one) {
            one.emplace(events.subscribe({{.name = "t", .polling = polled.service}}));
        }
        pass(test, 1);
        CHECK(polled.fetches > 0);
        one.reset();
        pass(test, 1);
        CHECK(polled.fetches - polled.ends <= 1);
        CHECK(events.stats().topics.empty());
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}
