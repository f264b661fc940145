// What the benchmark's scenarios of journals run.

#include "common/options.hpp"
#include "journal/commands.hpp"

#include <vector>

int main(int argc, char** argv) {
    using namespace bench::journals;
    CLI::App app{"Measures journals.", "journal"};
    app.require_subcommand(1);
    const std::vector<command> commands{
        serve_command(app),
        fill_command(app),
        publish_command(app),
        acknowledge_command(app),
        sync_command(app),
#if HAVE_NATS_JOURNAL
        libnats_command(app),
#endif
    };
    return bench::run_with(app, argc, argv, [&] {
        for (const command& each : commands) {
            if (each.words->parsed()) {
                each.run();
            }
        }
    });
}
