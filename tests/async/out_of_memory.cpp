// Whatever allocation fails: a wait that could not begin leaves its signal free, and one that did
// is woken.

#include <crier/async/signal.hpp>
#include <crier/wire/errc.hpp>

#include "support/sweep.hpp"

#include <boost/asio/strand.hpp>

#include <array>
#include <optional>

using boost::system::error_code;
using crier::test::context;
using crier::test::failing_part;
using crier::test::sweep;
namespace asio = boost::asio;

namespace {

/// A handler that does not fit into the signal.
struct large_handler {
    error_code& result;
    int& calls;
    std::array<char, 200> more{};

    void operator()(error_code error) const {
        result = error;
        ++calls;
    }
};

} // namespace

TEST_CASE("a wait begins and is woken, or throws and leaves the signal to the next one") {
    const long swept = sweep([](failing_part& part) {
        context test;
        crier::signal changed{test.io.get_executor()};
        error_code result;
        int calls = 0;
        part([&] { changed.async_wait(large_handler{result, calls}); });
        const bool waits = !part.has_failed();
        changed.set();
        test.run();
        CHECK(calls == (waits ? 1 : 0));
        if (!waits) {
            changed.async_wait(large_handler{result, calls});
            test.run();
        }
        CHECK(calls == 1);
        CHECK_FALSE(result);
    });
    MESSAGE(swept << " allocations");
    CHECK(swept > 0);
}

TEST_CASE("to set, cancel, close and destroy a signal needs no memory, on a strand neither") {
    const auto sweep_end = [](auto end, error_code expected) {
        sweep([&](failing_part& part) {
            context test;
            std::optional<crier::signal> changed;
            changed.emplace(asio::make_strand(test.io));
            error_code result;
            int calls = 0;
            changed->async_wait(large_handler{result, calls});
            test.run();
            part([&] {
                end(changed);
                crier::test::run_on(test.io);
            });
            test.run();
            CHECK_FALSE(part.has_failed());
            CHECK(calls == 1);
            CHECK(result == expected);
        });
    };
    sweep_end([](auto& of) { of->set(); }, {});
    sweep_end([](auto& of) { of->cancel(); }, error_code{asio::error::operation_aborted});
    sweep_end([](auto& of) { of->close(); }, crier::make_error_code(crier::errc::closed));
    sweep_end([](auto& of) { of.reset(); }, error_code{asio::error::operation_aborted});
}
