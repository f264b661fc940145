#include "common/options.hpp"
#include "load/options.hpp"
#include "load/report.hpp"
#include "load/scenario.hpp"
#include "load/self_test.hpp"

#include <iostream>
#include <stdexcept>

namespace {

void run(const bench::load::options& options) {
    if (options.self_test) {
        if (!bench::load::self_test()) {
            throw std::runtime_error{"the self-test has failed"};
        }
        return;
    }
    bench::load::result result{options};
    bench::load::measure(options, result);
    std::cout << bench::load::report(options, result) << '\n' << std::flush;
    if (!result.closed_because.empty()) {
        std::cerr << "load: " << result.closed << " streams ended early; " << result.closed_because
                  << '\n';
    }
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Opens event streams and measures what comes.", "load"};
    bench::load::options options;
    options.add_to(app);
    app.callback([&options] {
        if (options.port == 0 && !options.self_test) {
            throw CLI::RequiredError{"--port"};
        }
    });
    return bench::run_with(app, argc, argv, [&] { run(options); });
}
