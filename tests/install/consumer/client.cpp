#include <crier/client/event_source.hpp>

#include <boost/asio/io_context.hpp>

#include <iostream>

int main() {
    boost::asio::io_context io{1};
    crier::event_source source{io.get_executor(), "https://127.0.0.1:1/"};
    source.close();
    io.run();
    std::cout << "closed\n";
}
