// A server as any program would write it, with the options and events of the benchmark.

#include "contender/serve.hpp"

int main(int argc, char** argv) {
    CLI::App app{"Serves event streams with crier.", "contender"};
    bench::options options;
    bool in_its_loop = false;
    options.add_to(app);
    app.add_flag("--in-its-loop", in_its_loop, "publish from the server's thread");
    return bench::run_with(app, argc, argv,
        [&] { bench::serve(options, {}, bench::topic_names(options.topics), in_its_loop); });
}
