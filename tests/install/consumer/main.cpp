#include <crier/crier.hpp>

#include <iostream>

int main() {
    boost::asio::io_context io{1};
    crier::manager manager{io.get_executor()};
    crier::subscription mine = manager.subscribe("greetings");
    manager.publish("greetings", "hello");
    io.poll();
    std::cout << mine.try_receive()->text();
}
