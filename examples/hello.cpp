// Shows the shortest program: a server, one topic, and a loop that publishes to the topic.
// Try it with: curl -N http://127.0.0.1:8080/time

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "common/options.hpp"

#include <chrono>
#include <ctime>
#include <iostream>
#include <thread>

namespace {

void run(const crier::server_options& options) {
    crier::server server{options};
    crier::manager manager{server.get_executor()};
    std::cout << example::url_of(server, options) << "/time\n" << std::flush;

    const std::jthread publisher{[&manager](const std::stop_token& stopped) {
        while (!stopped.stop_requested()) {
            manager.publish("/time", std::time(nullptr));
            std::this_thread::sleep_for(std::chrono::milliseconds{200});
        }
    }};

    server.on_shutdown([&manager] { manager.shutdown(); });
    example::obey_signals(server, options);
    server.run([&manager](crier::exchange& request) -> boost::asio::awaitable<void> {
        co_await request.stream(manager);
    });
}

} // namespace

int main(int argc, char** argv) {
    return example::run_server(argc, argv, "Publishes the time five times a second.", run);
}
