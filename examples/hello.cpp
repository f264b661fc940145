// Shows the shortest program: a server, one topic, and a loop that publishes to it.
// Try it with: curl -N http://127.0.0.1:8080/time

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "port.hpp"

#include <chrono>
#include <ctime>
#include <iostream>
#include <thread>

int main(int argc, char** argv) try {
    crier::server_options options;
    options.port = port_from(argc, argv);
    crier::server server{options};
    crier::manager manager{server.get_executor()};
    std::cout << "http://127.0.0.1:" << server.local_endpoint().port() << "/time\n" << std::flush;

    const std::jthread publisher{[&manager](const std::stop_token& stopped) {
        while (!stopped.stop_requested()) {
            manager.publish("/time", std::time(nullptr));
            std::this_thread::sleep_for(std::chrono::milliseconds{200});
        }
    }};

    server.on_shutdown([&manager] { manager.shutdown(); });
    server.shutdown_on_signals();
    server.run([&manager](crier::exchange& request) -> boost::asio::awaitable<void> {
        co_await request.stream(manager);
    });
} catch (const std::exception& error) {
    std::cerr << "hello: " << error.what() << '\n';
    return 2;
}
